import { hrtime } from 'node:process';
import { ExitCode } from './exit-code.ts';
import type { Log } from './log.ts';
import { findNotifyCommand, notifyByCommand } from './systemd-notify-command.ts';

/** What the sd-notify addon offers. */
export interface NotifyAddon {
  ready(): void;
  stopping(pid: number): void;
  watchdog(): void;
  sendState(state: string): void;
}

/** `$NOTIFY_SOCKET` is set, and there is no way to notify: systemd would wait for READY and restart us for ever. */
export class SystemdError extends Error {
  override readonly name = 'SystemdError';
  readonly code = 'cannot_notify';
  readonly exitCode: typeof ExitCode.configuration = ExitCode.configuration;
}

/** The service manager. Without `$NOTIFY_SOCKET` every method does nothing; none throws. */
export interface Systemd {
  /** The service is up: Type=notify units count as started from here. Also said when a reload is over. */
  ready: () => void;
  /** The configuration is being read again; `ready` ends that, whatever came of it. */
  reloading: () => void;
  /** One line for `systemctl status`; the same text is not sent twice in a row. */
  status: (text: string) => void;
  stopping: () => void;
  watchdog: {
    /** How often to call `pet`: half of WatchdogSec. undefined: no watchdog. */
    intervalMs: number | undefined;
    pet: () => void;
  };
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Finds a way to tell systemd about this service: the sd-notify addon, or the command `systemd-notify` where the addon
 * cannot be loaded (the unit then needs NotifyAccess=all). Rejects with SystemdError if there is neither.
 */
export async function connectSystemd(options: {
  env: Environment;
  pid: number;
  /** Default: imports `sd-notify`. */
  loadAddon?: () => Promise<NotifyAddon>;
  log: Log;
}): Promise<Systemd> {
  const { env, pid, loadAddon = importAddon, log } = options;
  const intervalMs = watchdogIntervalMs(env, pid);
  const socket = env['NOTIFY_SOCKET'];
  if (socket === undefined || socket === '') {
    const watchdog = { intervalMs: undefined, pet: nothing };
    return { ready: nothing, reloading: nothing, status: nothing, stopping: nothing, watchdog };
  }

  const notify = await findNotifier();
  let lastStatus: string | undefined;
  return {
    ready: () => notify('READY=1'),
    // The time is for Type=notify-reload: it tells this reload from an earlier one (sd_notify(3)).
    reloading: () => notify(`RELOADING=1\nMONOTONIC_USEC=${hrtime.bigint() / 1000n}`),
    stopping: () => notify('STOPPING=1'),
    status: (text) => {
      const line = text.replace(/\s+/g, ' ').trim();
      if (line === lastStatus) return;
      lastStatus = line;
      notify(`STATUS=${line}`);
    },
    watchdog: { intervalMs, pet: intervalMs === undefined ? nothing : (): void => notify('WATCHDOG=1') },
  };

  async function findNotifier(): Promise<(state: string) => void> {
    try {
      return quietly(notifyByAddon(await loadAddon(), pid), log);
    } catch (error) {
      log.debug(`The sd-notify addon cannot be loaded: ${error instanceof Error ? error.message : String(error)}`);
    }
    const command = findNotifyCommand(env['PATH']);
    if (command !== undefined) return notifyByCommand(command, { env, pid, log });
    throw new SystemdError(
      'systemd waits for a notification (NOTIFY_SOCKET is set), but neither the sd-notify addon can be loaded nor is ' +
        'the command systemd-notify there; install libsystemd-dev and run npm rebuild sd-notify, or install systemd',
    );
  }
}

function nothing(): void {
  // There is no service manager to tell.
}

async function importAddon(): Promise<NotifyAddon> {
  const { default: addon } = await import('sd-notify');
  return addon;
}

function notifyByAddon(addon: NotifyAddon, pid: number): (state: string) => void {
  return (state) => {
    // READY and STOPPING carry the pid, so that systemd can tell them from a child's.
    if (state === 'READY=1') addon.ready();
    else if (state === 'STOPPING=1') addon.stopping(pid);
    else addon.sendState(state);
  };
}

/** A notification that is lost is no reason to stop working; the first loss is said. */
function quietly(notify: (state: string) => void, log: Log): (state: string) => void {
  let said = false;
  return (state) => {
    try {
      notify(state);
    } catch (error) {
      if (!said) log.warn(`systemd could not be notified: ${error instanceof Error ? error.message : String(error)}`);
      said = true;
    }
  };
}

/** sd_watchdog_enabled(3): meant for this process, and a positive number of microseconds. */
function watchdogIntervalMs(env: Environment, pid: number): number | undefined {
  const { WATCHDOG_USEC: usec, WATCHDOG_PID: forPid } = env;
  if (forPid !== undefined && forPid !== String(pid)) return undefined;
  const limitUsec = Number(usec);
  return usec !== undefined && Number.isSafeInteger(limitUsec) && limitUsec > 0 ? limitUsec / 2000 : undefined;
}

/**
 * systemd.exec(5), $JOURNAL_STREAM: standard output goes to the journal if the variable names its device and inode, and
 * not only because the variable is there (a redirected child inherits it).
 */
export function isJournal(
  env: Environment,
  stdout: { readonly dev: number; readonly ino: number } | undefined,
): boolean {
  return stdout !== undefined && env['JOURNAL_STREAM'] === `${stdout.dev}:${stdout.ino}`;
}

/** What the sender has around it: clocks, chance, Schwab, the targets, the disk, hooks. The simulation puts others in their place. */
import {
  HookRunner,
  LOOK_EVERY_MS,
  nextTick,
  sleepUntil,
  watchPath,
  type HookRunnerOptions,
  type Hooks,
  type Log,
} from '@token-relay/daemon';
import { sendToken } from '@token-relay/socket';
import { fileStore, type FileEncryption, type TokenStore } from '@token-relay/tokens';
import { uptime } from 'node:os';
import { bootClock } from './boot-clock.ts';
import type { TargetDependencies } from './delivery/target.ts';
import type { ExchangeContext } from './refresh/exchange.ts';
import type { RefresherDependencies } from './refresh/refresher.ts';
import { postForm } from './refresh/token-endpoint.ts';
import { reminderStore, type ReminderStore } from './week/reminder-store.ts';

export type HookEvent = 'login_due' | 'login_required' | 'login_done';

export interface SenderSurroundings {
  /** the wall clock, which may be moved */
  readonly nowMs: () => number;
  /** time since the boot, which goes on during a suspend, and which nobody can set */
  readonly bootMs: () => number;
  readonly random: () => number;
  readonly pause: RefresherDependencies['pause'];
  readonly post: ExchangeContext['post'];
  readonly delivery: Pick<TargetDependencies, 'send' | 'watch' | 'after'>;
  readonly tokenStore: TokenStore;
  readonly reminderStore: ReminderStore;
  readonly hookRunner: (hooks: Hooks<HookEvent>) => Pick<HookRunner<HookEvent>, 'fire' | 'settled' | 'close'>;
}

export interface SurroundingsOptions {
  readonly tokenFile: string;
  readonly encryption: FileEncryption | undefined;
  readonly hookHost: Pick<HookRunnerOptions<HookEvent>, 'environment' | 'kill'>;
  readonly log: Log;
}

/** The machine's own. */
export function realSurroundings({ tokenFile, encryption, hookHost, log }: SurroundingsOptions): SenderSurroundings {
  return {
    nowMs: Date.now,
    bootMs: bootClock(runningMs, () => uptime() * 1_000),
    random: Math.random,
    pause,
    post: postForm,
    delivery: {
      send: sendToken,
      watch: (path, onChange, signal) => watchPath(path, (identity) => onChange(identity !== undefined), { signal }),
      after: (ms, wakeUp) => {
        const timer = setTimeout(wakeUp, ms);
        return () => clearTimeout(timer);
      },
    },
    tokenStore: fileStore(tokenFile, encryption === undefined ? {} : { encryption }),
    reminderStore: reminderStore(tokenFile, log),
    hookRunner: (hooks) => new HookRunner({ hooks, log, ...hookHost }),
  };
}

/** A whole piece ends with the tick that looks at all else, so that an idle sender wakes up once for everything. */
async function pause(ms: number, signal: AbortSignal): Promise<unknown> {
  if (ms >= LOOK_EVERY_MS) return nextTick(signal);
  return sleepUntil(runningMs() + ms, { signal, nowMs: runningMs });
}

/** For waits that are not looks: to the millisecond, and no longer than asked for. */
export async function pauseExactly(ms: number, signal: AbortSignal): Promise<unknown> {
  return sleepUntil(runningMs() + ms, { signal, nowMs: runningMs });
}

function runningMs(): number {
  return performance.now();
}

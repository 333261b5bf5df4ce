/** Tells the user in time that the login ends: log, hook, and the file that remembers it. What to say is in reminders.ts. */
import type { HookDetails, Log } from '@token-relay/daemon';
import type { ReminderStore } from './reminder-store.ts';
import { hoursLeft, reminderText } from './reminder-words.ts';
import { nextReminder, type Reminder, type ReminderState } from './reminders.ts';

export interface WeekKeeperDependencies {
  readonly store: ReminderStore;
  readonly log: Log;
  /** Runs the hook, and returns at once. */
  readonly fire: (event: 'login_due', details: HookDetails) => void;
}

export class WeekKeeper {
  readonly #deps: WeekKeeperDependencies;
  #state: ReminderState | undefined;
  #looking: Promise<void> | undefined;

  constructor(dependencies: WeekKeeperDependencies) {
    this.#deps = dependencies;
  }

  /**
   * Looks whether a reminder is due for the login that is held, and gives it. Called at least every 30 seconds, and not
   * while there is no login. It has no timers, and a look that comes while the last one still works does nothing.
   * Resolves when what was said is saved; never rejects, and nobody has to wait for it.
   * @param loginAtMs undefined: the token file does not say
   */
  look(loginAtMs: number | undefined, nowMs: number): Promise<void> {
    this.#looking ??= this.#look(loginAtMs, nowMs).finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** Resolves when a look under way has ended, and what it said is saved. */
  async settled(): Promise<void> {
    await this.#looking;
  }

  async #look(loginAtMs: number | undefined, nowMs: number): Promise<void> {
    const { store } = this.#deps;
    const { state, reminder } = nextReminder(this.#state ?? (await store.load()), loginAtMs, nowMs);
    this.#state = state;
    if (reminder === undefined) return;
    this.#say(reminder);
    // Afterwards: rather twice, if the power fails between, than not at all.
    await store.save(state);
  }

  #say(reminder: Reminder): void {
    const { log, fire } = this.#deps;
    const text = reminderText(reminder);
    log.warn(text);
    if (reminder.kind !== 'due') return;
    fire('login_due', {
      environment: { TOKEN_RELAY_HOURS_LEFT: String(hoursLeft(reminder.leftMs)) },
      stdin: `${text}\n`,
    });
  }
}

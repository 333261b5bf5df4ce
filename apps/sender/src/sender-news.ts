/** What happens, and who is told: the timeline, the hooks, the reminders of the week, and whoever shows the status. */
import type { Hooks, Log } from '@token-relay/daemon';
import { isLoginInFuture, type TokenSet } from '@token-relay/tokens';
import { adviceFor, type AdviceContext } from './refresh/advice.ts';
import type { RefresherSnapshot } from './refresh/refresh-report.ts';
import { ReplaceableHooks } from './replaceable-hooks.ts';
import type { HookEvent, SenderSurroundings } from './surroundings.ts';
import { Timeline, type TimelineEventKind } from './web/timeline.ts';
import { WeekKeeper } from './week/week-keeper.ts';

export interface SenderNewsOptions extends Pick<SenderSurroundings, 'nowMs' | 'reminderStore' | 'hookRunner'> {
  readonly hooks: Hooks<HookEvent>;
  readonly log: Log;
  /** Asked each time, because a reload may change it. */
  readonly advice: () => AdviceContext;
}

export class SenderNews {
  readonly timeline: Timeline = new Timeline();
  readonly #options: SenderNewsOptions;
  readonly #hooks: ReplaceableHooks<HookEvent>;
  readonly #week: WeekKeeper;
  readonly #listeners = new Set<() => void>();
  /** Of the login that is no news any more; `unread`: the token file was not read yet. */
  #knownLoginAtMs: number | undefined | 'unread' = 'unread';

  /** Whether the hooks were told that a login is required: a host that heard so of its leader may come to know it by itself. */
  #isLoginMissed = false;

  constructor(options: SenderNewsOptions) {
    this.#options = options;
    this.#hooks = new ReplaceableHooks(options.hooks, options.hookRunner);
    this.#week = new WeekKeeper({
      store: options.reminderStore,
      log: options.log,
      fire: (event, details) => {
        this.record('login_due', details.stdin?.trim() ?? 'The login ends soon');
        this.#hooks.fire(event, details);
      },
    });
  }

  /**
   * The listener is called when something that the status shows has changed, and at least every 30 seconds while the loop
   * runs. Returns what ends that.
   */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Something that the status shows has changed. */
  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** @param text for people, without a token */
  record(kind: TimelineEventKind, text: string): void {
    const { nowMs, advice } = this.#options;
    this.timeline.add({ atMs: nowMs(), kind, text });
    if (kind === 'refreshed' || kind === 'adopted' || kind === 'login') this.#isLoginMissed = false;
    if (kind === 'login_required' && !this.#isLoginMissed) {
      this.#isLoginMissed = true;
      this.#hooks.fire(kind, { stdin: `Login required: ${text}. ${adviceFor(kind, advice()) ?? ''}\n` });
    }
    this.changed();
  }

  /** The token file is read: the login that it has at the start is no news. */
  startedWith(loginAtMs: number | undefined): void {
    this.#knownLoginAtMs = loginAtMs;
  }

  /** The next login is a new one, also when it was made within the same second as the one before. */
  loginIsMade(): void {
    if (this.#knownLoginAtMs !== 'unread') this.#knownLoginAtMs = undefined;
  }

  /** A login that was not seen before is told of. */
  sawLogin(loginAtMs: number | undefined): void {
    if (this.#knownLoginAtMs === 'unread' || loginAtMs === undefined || loginAtMs === this.#knownLoginAtMs) return;
    this.#knownLoginAtMs = loginAtMs;
    this.#hooks.fire('login_done', { stdin: 'There is a new login to Schwab, good for 7 days.\n' });
  }

  /** Looks whether a reminder is due. */
  lookAtWeek(tokenSet: TokenSet | undefined, state: RefresherSnapshot['state']['kind']): void {
    const nowMs = this.#options.nowMs();
    // After Schwab's last word, a reminder of the days left would mislead; so would one that counts from a time to come.
    const isOver = state === 'login_required';
    if (tokenSet?.refreshToken === undefined || isOver || isLoginInFuture(tokenSet, nowMs)) return;
    void this.#week.look(tokenSet.loginAtMs, nowMs);
  }

  replaceHooks(hooks: Hooks<HookEvent>): void {
    this.#hooks.replace(hooks);
  }

  /** Resolves when the hooks that were run have ended; each has its deadline. */
  hooksSettled(): Promise<void> {
    return this.#hooks.settled();
  }

  async close(): Promise<void> {
    await Promise.all([this.#hooks.close(), this.#week.settled()]);
  }
}

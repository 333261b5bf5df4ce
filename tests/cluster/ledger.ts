/** What Schwab gave to whom, in the order in which it did, and what follows from that for who holds it. Pure but for its clock. */

/** An access token, and who asked for it. */
export interface Issue {
  /** 1, 2, 3 … in the order of Schwab's answers */
  readonly number: number;
  readonly host: string;
  readonly fingerprint: string;
  /** 1, 2, 3 …: the login that it belongs to */
  readonly login: number;
  readonly kind: 'login' | 'refresh';
  /** By a host that was cut off from the store, for itself. */
  readonly isOwn: boolean;
  readonly atMs: number;
  readonly lifeMs: number;
}

export interface LedgerOptions {
  readonly nowMs: () => number;
  /** Whether a host is cut off from the store, and refreshes for itself. */
  readonly isOnItsOwn: (host: string) => boolean;
}

export class Ledger {
  readonly #options: LedgerOptions;
  readonly #issues: Issue[] = [];
  readonly #byFingerprint = new Map<string, Issue>();
  #login = 0;
  refusals = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  get issues(): readonly Issue[] {
    return this.#issues;
  }

  issued(given: { host: string; isLogin: boolean; fingerprint: string; lifeMs: number }): void {
    const { host, isLogin, fingerprint, lifeMs } = given;
    if (isLogin) this.#login += 1;
    const issue: Issue = {
      ...{ number: this.#issues.length + 1, host, fingerprint, login: this.#login, lifeMs },
      kind: isLogin ? 'login' : 'refresh',
      isOwn: !isLogin && this.#options.isOnItsOwn(host),
      atMs: this.#options.nowMs(),
    };
    this.#issues.push(issue);
    this.#byFingerprint.set(fingerprint, issue);
  }

  refused(): void {
    this.refusals += 1;
  }

  find(fingerprint: string): Issue | undefined {
    return this.#byFingerprint.get(fingerprint);
  }
}

/** Two hosts that refreshed at once, by mischance, have tokens of which none is the older; hosts reckon an expiry to this. */
const AT_ONCE_MS = 2_000;

/**
 * An older token after a newer one, at one receiver. While a leader is cut off from the store there are two lines of
 * refresh, and afterwards all go on with one of them, so there the order of Schwab's answers decides nothing: of two
 * tokens of which one was made by a host on its own, either may follow. A login never goes back.
 */
export function stepsBack(received: readonly Issue[]): readonly (readonly [Issue, Issue])[] {
  return received.flatMap((after, index) => {
    const before = received[index - 1];
    if (before === undefined) return [];
    const isOlder = after.number < before.number && before.atMs - after.atMs > AT_ONCE_MS;
    const isBack = after.login < before.login || (isOlder && !after.isOwn && !before.isOwn);
    return isBack ? [[before, after] as const] : [];
  });
}

/**
 * The refreshes of hosts on their own that were made beside those of a leader: with one of that line less than `leastGapMs`
 * before or after it. Where there is none, nobody else could refresh, and the host went on with the line that all share.
 */
export function madeBeside(issues: readonly Issue[], leastGapMs: number): ReadonlySet<Issue> {
  const shared = issues.filter(({ isOwn, kind }) => !isOwn && kind === 'refresh');
  return new Set(
    issues.filter(({ isOwn, atMs }) => isOwn && shared.some((other) => Math.abs(other.atMs - atMs) < leastGapMs)),
  );
}

/**
 * The refreshes that came sooner than `leastGapMs` after the one before: in the line that all share, and among those that a
 * host made beside it. A take-over may bring one, since who takes over cannot know of what the last leader got and did not publish.
 */
export function earlyRefreshes(issues: readonly Issue[], leastGapMs: number): readonly Issue[] {
  const beside = madeBeside(issues, leastGapMs);
  const lastAtMs = new Map<string, number>();
  return issues.filter((issue) => {
    const line = beside.has(issue) ? issue.host : 'shared';
    const before = lastAtMs.get(line);
    lastAtMs.set(line, issue.atMs);
    return issue.kind === 'refresh' && before !== undefined && issue.atMs - before < leastGapMs;
  });
}

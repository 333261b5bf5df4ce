/** The login as this host shows it: its own state or, where another host refreshes, what the leader says of the login that they share. */
import type { ClusterReport, HostReport } from '@token-relay/cluster';
import type { TokenSet } from '@token-relay/tokens';
import type { LoginState } from '../refresh/login-state.ts';
import type { RefresherSnapshot } from '../refresh/refresh-report.ts';
import { awaitedWords } from './cluster-words.ts';

/** Ages travel in whole seconds, and are reckoned by clocks that need not agree to the second. */
const AGE_SLACK_MS = 30_000;

export interface SharedLoginOptions {
  /** undefined: not known yet */
  readonly report: () => ClusterReport | undefined;
  /** The hosts that were there when they were last looked for. */
  readonly knownHosts: () => readonly HostReport[];
  readonly own: () => RefresherSnapshot;
  readonly nowMs: () => number;
  /** The leader says that a login is required, which this host did not know. Called by {@link SharedLogin.look} alone. */
  readonly onRequired: (reason: string) => void;
}

interface Heard {
  /** Of this token: the next one is that of a login that is alive. */
  readonly accessToken: string | undefined;
  readonly state: LoginState & { readonly kind: 'login_required' };
}

export class SharedLogin {
  readonly #options: SharedLoginOptions;
  #heard: Heard | undefined;
  #told: Heard | undefined;

  constructor(options: SharedLoginOptions) {
    this.#options = options;
  }

  snapshot(): RefresherSnapshot {
    const { own, report, nowMs } = this.#options;
    const snapshot = own();
    const known = report();
    this.#hear(known, snapshot.tokenSet);
    return { ...snapshot, state: shownState(snapshot, known, this.#heard?.state, nowMs()) };
  }

  /** Tells of what the leader says, once. */
  look(): void {
    const { state } = this.snapshot();
    const heard = this.#heard;
    if (heard === undefined || heard === this.#told || state !== heard.state) return;
    this.#told = heard;
    this.#options.onRequired(heard.state.reason);
  }

  /** What was heard holds for as long as this token is held: who leads next has to ask Schwab first, and says "healthy" until then. */
  #hear(report: ClusterReport | undefined, tokenSet: TokenSet | undefined): void {
    const { knownHosts, nowMs } = this.#options;
    const accessToken = tokenSet?.accessToken;
    if (this.#heard !== undefined && this.#heard.accessToken === accessToken) return;
    this.#heard = undefined;
    if (report?.role !== 'follower') return;
    const leader = knownHosts().find(({ host }) => host === report.leader);
    if (leader?.state !== 'login_required' || !holdsTheSame(leader, tokenSet, nowMs())) return;
    const reason = `${leader.host}, which leads the cluster, says that a login is required; one that is made on any host is everybody's`;
    this.#heard = { accessToken, state: { kind: 'login_required', sinceMs: nowMs(), reason } };
  }
}

/** What a leader says that has another token set than this host is of that one: a newer login may be here, or on its way. */
function holdsTheSame({ revision, tokenAgeSeconds }: HostReport, held: TokenSet | undefined, nowMs: number): boolean {
  if (held?.accessToken === undefined) return revision === undefined && tokenAgeSeconds === undefined;
  // One without a revision is not shared yet, as that of a login that was made just now.
  if (revision === undefined || revision !== held.origin?.revision) return false;
  if (tokenAgeSeconds === undefined || held.issuedAtMs === undefined) return true;
  return tokenAgeSeconds * 1000 <= nowMs - held.issuedAtMs + AGE_SLACK_MS;
}

function shownState(
  { state, tokenSet }: RefresherSnapshot,
  report: ClusterReport | undefined,
  heard: Heard['state'] | undefined,
  nowMs: number,
): LoginState {
  const isElsewhere = report === undefined || report.role === 'follower' || report.role === 'waiting';
  if (!isElsewhere || state.kind === 'login_required') return state;
  if (heard !== undefined) return heard;
  const { expiresAtMs } = tokenSet ?? {};
  if (state.kind === 'waiting') return { ...state, reason: `${state.reason}; ${awaitedWords(report)}` };
  return state.kind === 'healthy' && expiresAtMs !== undefined && expiresAtMs <= nowMs
    ? { kind: 'waiting', sinceMs: expiresAtMs, reason: `the access token has expired; ${awaitedWords(report)}` }
    : state;
}

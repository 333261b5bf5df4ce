/** A source for the web page that a test can put into any state. */
import { LoginError } from '../src/login/login-error.ts';
import type { LoginView } from '../src/login/login-service.ts';
import type { StatusReport } from '../src/status/status-report.ts';
import type { TimelineEvent } from '../src/web/timeline.ts';
import type { WebSource } from '../src/web/web-source.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

export interface MadeUpState {
  report: StatusReport;
  timeline: readonly TimelineEvent[];
  login: LoginView;
  nowMs: number;
}

/** A healthy sender in the middle of its week. */
export function madeUpReport(nowMs: number, changes: Partial<StatusReport> = {}): StatusReport {
  const iso = (ms: number) => new Date(ms).toISOString();
  return {
    version: '1.2.3',
    pid: 4321,
    started_at: iso(nowMs - 2 * day),
    state: 'healthy',
    token_file: '/home/me/configs/schwab_tokens.json',
    saved: true,
    access_token: { fingerprint: '5c1fae09', expires_at: iso(nowMs + 18.5 * minute) },
    login: { logged_in_at: iso(nowMs - 2 * day - 5 * hour), ends_at: iso(nowMs + 4 * day + 19.5 * hour) },
    last_refresh: { at: iso(nowMs - 12 * minute), ok: true, message: 'succeeded' },
    next_refresh_at: iso(nowMs + 13 * minute),
    refreshes: 116,
    targets: [
      {
        name: 'receiver',
        address: 'unix:/run/user/1000/token-relay/token.sock',
        format: 'json',
        state: 'delivered',
        since: iso(nowMs - 12 * minute + 900),
      },
      {
        name: 'trading-bot',
        address: 'unix:/tmp/bigbrother_token.sock',
        format: 'json',
        state: 'delivered',
        since: iso(nowMs - 12 * minute + 1_000),
      },
    ],
    ...changes,
  };
}

/** Of a host that is called alpha, with two others. */
export function madeUpCluster(
  nowMs: number,
  changes: Partial<NonNullable<StatusReport['cluster']>> = {},
): NonNullable<StatusReport['cluster']> {
  const about = { version: '1.2.3', state: 'healthy', revision: 7, token_age_seconds: 720 };
  return {
    host: 'alpha',
    role: 'leader',
    leader: 'alpha',
    since: new Date(nowMs - 3 * hour).toISOString(),
    revision: 7,
    server: 'nats-1.example:4222',
    hosts: [
      { host: 'alpha', role: 'leader', ...about },
      { host: 'beta', role: 'follower', ...about },
      { host: 'gamma', role: 'follower', version: '1.2.3', state: 'login_required' },
    ],
    ...changes,
  };
}

export function madeUpTimeline(nowMs: number): readonly TimelineEvent[] {
  const rounds = [12, 37, 62, 87, 112].flatMap((minutes): TimelineEvent[] => {
    const atMs = nowMs - minutes * minute;
    return [
      { atMs: atMs + 1_000, kind: 'delivered', text: 'Delivered to trading-bot' },
      { atMs: atMs + 900, kind: 'delivered', text: 'Delivered to receiver' },
      { atMs, kind: 'refreshed', text: 'Access token refreshed and saved' },
    ];
  });
  return [...rounds, { atMs: nowMs - 2 * day, kind: 'started', text: 'The sender started' }];
}

const waitingLogin = (nowMs: number): LoginView & { kind: 'waiting' | 'exchanging' } => ({
  kind: 'waiting',
  id: 'made-up',
  authorizeUrl: 'https://schwab.example/v1/oauth/authorize?client_id=made-up&state=made-up',
  expiresAtMs: nowMs + 4 * minute + 40_000,
  listening: 'https://127.0.0.1:8182',
});

const doneLogin = (nowMs: number): LoginView & { kind: 'done' } => ({
  kind: 'done',
  id: 'made-up',
  message: 'Logged in for 7 days, until 2026-11-27 10:40',
  loginAtMs: nowMs,
  endsAtMs: nowMs + 7 * day,
});

const failed = (code: 'denied' | 'cancelled', message: string): LoginView => ({
  kind: 'failed',
  id: 'made-up',
  code,
  message,
});

/** Every state that the page tells apart, by name. */
export function madeUpStates(nowMs: number): Readonly<Record<string, MadeUpState>> {
  const iso = (ms: number) => new Date(ms).toISOString();
  const healthy: MadeUpState = {
    report: madeUpReport(nowMs),
    timeline: madeUpTimeline(nowMs),
    login: { kind: 'idle' },
    nowMs,
  };
  const withReport = (changes: Partial<StatusReport>, login: LoginView = { kind: 'idle' }): MadeUpState => ({
    ...healthy,
    report: madeUpReport(nowMs, changes),
    login,
  });
  const since = iso(nowMs - 25 * minute);
  const refused: Partial<StatusReport> = {
    state: 'login_required',
    since,
    problem: 'Schwab refused the refresh token (invalid_grant)',
    advice: 'Log in again: press the button below, or run token-refresh-sender login. Nothing needs a restart.',
    last_refresh: { at: since, ok: false, message: 'Schwab refused the refresh token (invalid_grant)' },
    access_token: { fingerprint: '5c1fae09', expires_at: iso(nowMs - 3 * minute) },
  };
  const [receiver, bot] = healthy.report.targets;
  return {
    healthy: healthy,
    'in a cluster': withReport({ cluster: madeUpCluster(nowMs) }),
    'the store of a cluster away': withReport({
      cluster: madeUpCluster(nowMs, { role: 'waiting', leader: 'beta', problem: 'nats-1.example cannot be reached' }),
    }),
    'just started': {
      ...withReport({ refreshes: 0, targets: [] }),
      timeline: [],
      report: {
        version: '1.2.3',
        pid: 1,
        started_at: iso(nowMs),
        state: 'healthy',
        token_file: 'tokens.json',
        saved: true,
        refreshes: 0,
        targets: [],
      },
    },
    retrying: withReport({
      state: 'retrying',
      since,
      problem: 'api.schwabapi.com could not be reached (ENOTFOUND)',
      last_refresh: {
        at: iso(nowMs - 20_000),
        ok: false,
        message: 'api.schwabapi.com could not be reached (ENOTFOUND)',
      },
      next_refresh_at: iso(nowMs + 40_000),
    }),
    confirming: withReport({ state: 'confirming', since, problem: 'Schwab refused the refresh token' }),
    'login required': {
      ...withReport(refused),
      timeline: [
        { atMs: nowMs - 22 * minute, kind: 'login_required', text: 'Login required: Schwab refused the refresh token' },
        {
          atMs: nowMs - 22 * minute - 1,
          kind: 'refresh_failed',
          text: 'Schwab refused the refresh token',
          repeated: { times: 3, sinceMs: nowMs - 25 * minute },
        },
        ...madeUpTimeline(nowMs - 25 * minute),
      ],
    },
    misconfigured: withReport({
      state: 'misconfigured',
      since,
      problem: 'Schwab refused the app key or secret (401 invalid_client)',
      advice: 'Compare app_key and app_secret in configs/schwab_app_config.yaml with your app at developer.schwab.com.',
    }),
    'login ends soon': withReport({
      login: { logged_in_at: iso(nowMs - 6 * day - 3 * hour), ends_at: iso(nowMs + 21.5 * hour) },
    }),
    'target missing': withReport({
      targets: [
        ...(receiver === undefined ? [] : [receiver]),
        ...(bot === undefined
          ? []
          : [
              {
                ...bot,
                state: 'undelivered' as const,
                since,
                reason: 'Nobody is listening on unix:/tmp/bigbrother_token.sock.',
              },
            ]),
      ],
    }),
    'not saved': withReport({ saved: false }),
    'login waiting': withReport(refused, waitingLogin(nowMs)),
    'login waiting, nobody listening': withReport(
      {},
      {
        kind: 'waiting',
        id: 'made-up',
        authorizeUrl: waitingLogin(nowMs).authorizeUrl,
        expiresAtMs: nowMs + minute,
        notListening: 'Another program is listening on https://127.0.0.1:8182',
      },
    ),
    'login exchanging': withReport({}, { ...waitingLogin(nowMs), kind: 'exchanging' }),
    'login done': withReport({}, doneLogin(nowMs)),
    'login done, not saved': withReport(
      { saved: false },
      { ...doneLogin(nowMs), problem: 'The new tokens could not be saved' },
    ),
    'login denied': withReport({}, failed('denied', 'Schwab says that you declined')),
    'login cancelled': withReport({}, failed('cancelled', 'The login was cancelled')),
  };
}

export class MadeUpSource implements WebSource {
  state: MadeUpState;
  /** What was asked for, in order. */
  readonly asked: string[] = [];
  /** Why it will not do what is asked next. */
  refusal: string | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(state: MadeUpState) {
    this.state = state;
  }

  readonly login: WebSource['login'] = {
    state: () => this.state.login,
    start: () => {
      this.asked.push('start');
      if (this.refusal !== undefined) return Promise.reject(new LoginError('callback_missing', this.refusal));
      this.change({ login: waitingLogin(this.nowMs()) });
      return Promise.resolve();
    },
    paste: (address) => {
      this.asked.push(`paste ${address}`);
      if (this.refusal !== undefined) return { kind: 'no_code', message: this.refusal };
      this.change({ login: doneLogin(this.nowMs()) });
      return { kind: 'taken' };
    },
    cancel: () => {
      this.asked.push('cancel');
      this.change({ login: { kind: 'idle' } });
    },
  };
  readonly status = (): StatusReport => this.state.report;
  readonly timeline = (): readonly TimelineEvent[] => this.state.timeline;
  readonly nowMs = (): number => this.state.nowMs;

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  change(changes: Partial<MadeUpState>): void {
    this.state = { ...this.state, ...changes };
    for (const listener of this.#listeners) listener();
  }
}

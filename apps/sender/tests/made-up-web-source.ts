/** A source for the web page that a test can put into any state. */
import type { StatusReport } from '../src/status/status-report.ts';
import type { TimelineEvent } from '../src/web/timeline.ts';
import type { LoginAnswer, LoginView, WebSource } from '../src/web/web-source.ts';

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
    access_token: { fingerprint: '5c1fae09', expires_at: iso(nowMs + 18 * minute) },
    login: { logged_in_at: iso(nowMs - 2 * day - 5 * hour), ends_at: iso(nowMs + 4 * day + 19 * hour) },
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

export const waitingLogin = (nowMs: number): LoginView & { kind: 'waiting' } => ({
  kind: 'waiting',
  authorizeUrl: 'https://schwab.example/v1/oauth/authorize?client_id=made-up&state=made-up',
  callbackUrl: 'https://127.0.0.1:8182',
  expiresAtMs: nowMs + 4 * minute + 40_000,
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
      login: { logged_in_at: iso(nowMs - 6 * day - 3 * hour), ends_at: iso(nowMs + 21 * hour) },
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
    'login pasted wrong': withReport(
      {},
      { ...waitingLogin(nowMs), message: 'The pasted address has no code in it: copy all of it.' },
    ),
    'login exchanging': withReport({}, { kind: 'exchanging' }),
    'login done': withReport({}, { kind: 'done' }),
    'login failed': withReport(
      {},
      { kind: 'failed', message: 'Schwab said that you declined. Start again if that was a mistake.' },
    ),
  };
}

export class MadeUpSource implements WebSource {
  state: MadeUpState;
  /** What was asked for, in order. */
  readonly asked: string[] = [];
  answer: LoginAnswer = { ok: true };
  readonly #listeners = new Set<() => void>();

  constructor(state: MadeUpState) {
    this.state = state;
  }

  readonly login: WebSource['login'] = {
    state: () => this.state.login,
    start: () => {
      this.asked.push('start');
      if (this.answer.ok) this.change({ login: waitingLogin(this.nowMs()) });
      return Promise.resolve(this.answer);
    },
    paste: (url) => {
      this.asked.push(`paste ${url}`);
      if (this.answer.ok) this.change({ login: { kind: 'done' } });
      return Promise.resolve(this.answer);
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

/** What the two rings show: the login's seven days, and the access token's half hour. Pure. */
import type { StatusReport } from '../status/status-report.ts';
import { markup } from './html.ts';
import { moment } from './moments.ts';
import type { Ring, RingSpan } from './ring.ts';
import { LOGIN_DUE_MS } from './situation.ts';

const DAYS_OF_LOGIN = 7;
/** How long an access token lives, where nobody says (SCHWAB.md, "Lifetimes"). */
const USUAL_TOKEN_LIFE_MS = 30 * 60_000;
/** A token that is refreshed on time never gets this near its end. */
const TOKEN_IS_LATE_MS = 2 * 60_000;

export function loginRing({ login, state }: StatusReport, nowMs: number): Ring {
  const base = { title: 'Login', parts: DAYS_OF_LOGIN };
  if (login === undefined) {
    return {
      ...base,
      tone: 'watch',
      span: undefined,
      empty: ['Unknown', 'how long'],
      caption: markup`It may end at any moment`,
    };
  }
  const span: RingSpan = { fromMs: Date.parse(login.logged_in_at), untilMs: Date.parse(login.ends_at) };
  const leftMs = span.untilMs - nowMs;
  const isRefused = state === 'login_required';
  return {
    ...base,
    tone: leftMs <= 0 || isRefused ? 'bad' : leftMs <= LOGIN_DUE_MS ? 'watch' : 'good',
    span: isRefused ? undefined : span,
    empty: isRefused && leftMs > 0 ? ['Refused', 'before its time'] : ['Ended', 'after 7 days'],
    caption: markup`${leftMs > 0 ? (isRefused ? 'would have ended' : 'ends') : 'ended'} ${moment(span.untilMs, nowMs)}`,
  };
}

export function tokenRing(report: StatusReport, nowMs: number): Ring {
  const { access_token: token, next_refresh_at: next } = report;
  const base = { title: 'Access token', parts: 1 };
  if (token?.expires_at === undefined) {
    return {
      ...base,
      tone: token === undefined ? 'bad' : 'watch',
      span: undefined,
      empty: token === undefined ? ['None', 'held'] : ['Held', 'its end unknown'],
      caption: markup`${token === undefined ? 'nothing to deliver' : 'its expiry is unknown'}`,
    };
  }
  const untilMs = Date.parse(token.expires_at);
  const leftMs = untilMs - nowMs;
  const refreshAtMs = next === undefined ? nowMs : Date.parse(next);
  const isRefreshAhead = refreshAtMs > nowMs && refreshAtMs < untilMs;
  return {
    ...base,
    ...(isRefreshAhead ? { notchMs: refreshAtMs } : {}),
    tone: leftMs <= 0 ? 'bad' : leftMs <= TOKEN_IS_LATE_MS && report.state !== 'healthy' ? 'watch' : 'good',
    span: { fromMs: issuedAt(report, untilMs), untilMs },
    empty: ['Expired', 'and not replaced'],
    caption: markup`${leftMs > 0 ? 'expires' : 'expired'} ${moment(untilMs, nowMs)}${isRefreshAhead ? markup`<br>refresh at the mark, ${moment(refreshAtMs, nowMs)}` : undefined}`,
  };
}

/** The report does not say it: the last successful refresh, or as long before the end as is usual. */
function issuedAt({ last_refresh: last }: StatusReport, untilMs: number): number {
  const refreshedAtMs = last?.ok === true ? Date.parse(last.at) : undefined;
  return refreshedAtMs !== undefined && refreshedAtMs < untilMs ? refreshedAtMs : untilMs - USUAL_TOKEN_LIFE_MS;
}

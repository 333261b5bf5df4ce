/** The status in words: ten lines for a terminal, one line for systemd. Pure. */
import { REMINDER_HOURS } from '../week/reminders.ts';
import { clusterText, hostLines } from './cluster-status.ts';
import { duration } from './duration.ts';
import type { StatusReport } from './status-report.ts';

const STATES: Readonly<Record<StatusReport['state'], string>> = {
  healthy: 'healthy',
  waiting: 'NO VALID TOKEN; waiting for the cluster',
  retrying: 'a refresh failed; trying again',
  confirming: 'Schwab refused a refresh; making sure before saying more',
  login_required: 'LOGIN REQUIRED',
  misconfigured: 'WRONG CREDENTIALS',
};

/** How a state is painted on a terminal (ECMA-48, SGR): green, yellow, red. */
const COLOURS: Readonly<Record<StatusReport['state'], number>> = {
  healthy: 32,
  waiting: 33,
  retrying: 33,
  confirming: 33,
  login_required: 31,
  misconfigured: 31,
};

/** @param hasColours whether it goes to a terminal that wants colours */
export function statusLines(report: StatusReport, nowMs: number, hasColours = false): string[] {
  const state = hasColours
    ? `\u001b[1;${COLOURS[report.state]}m${STATES[report.state]}\u001b[0m`
    : STATES[report.state];
  const lines = [
    `State:          ${state}${report.since === undefined ? '' : ` (since ${clock(report.since, nowMs)})`}`,
  ];
  if (report.problem !== undefined) lines.push(`Problem:        ${report.problem}`);
  if (report.advice !== undefined) lines.push(`What to do:     ${report.advice}`);
  lines.push(`Access token:   ${accessTokenText(report, nowMs)}`);
  lines.push(`Login:          ${loginText(report, nowMs)}`);
  lines.push(
    `Last refresh:   ${report.last_refresh === undefined ? 'none since the start' : `${clock(report.last_refresh.at, nowMs)}, ${report.last_refresh.message}`}`,
  );
  lines.push(`Next refresh:   ${nextRefreshText(report, nowMs)}`);
  lines.push(
    `Token file:     ${report.token_file}${report.saved ? '' : ' (NOT SAVED: the newest tokens are in memory only)'}`,
  );
  if (report.cluster !== undefined) {
    lines.push(`Cluster:        ${clusterText(report.cluster)} (since ${clock(report.cluster.since, nowMs)})`);
    for (const line of hostLines(report.cluster)) lines.push(`Host:           ${line}`);
  }
  for (const target of report.targets) {
    const since = target.since === undefined ? '' : ` ${clock(target.since, nowMs)}`;
    const reason = target.reason === undefined ? '' : `: ${target.reason}`;
    lines.push(`Target:         ${target.name} at ${target.address}, ${target.state}${since}${reason}`);
  }
  lines.push(
    `Daemon:         version ${report.version}, process ${report.pid}, ${report.refreshes} refreshes since ${clock(report.started_at, nowMs)}`,
  );
  return lines;
}

/** For `systemctl status`, one line; without the time left, so that it changes only when something happened. */
export function systemdStatus(report: StatusReport, nowMs: number): string {
  const cluster = report.cluster === undefined ? '' : `${clusterSummary(report.cluster, nowMs)} `;
  if (report.state !== 'healthy') {
    return `${STATES[report.state]}: ${report.problem ?? ''} ${report.advice ?? ''} ${cluster}`.trim();
  }
  const until = (iso: string | undefined) => (iso === undefined ? 'an unknown time' : clock(iso, nowMs));
  const next = report.next_refresh_at === undefined ? '' : `; next refresh ${until(report.next_refresh_at)}`;
  const due = isLoginDue(report, nowMs) ? 'LOG IN SOON: ' : '';
  return `${due}${cluster}Access token until ${until(report.access_token?.expires_at)}, login until ${until(report.login?.ends_at)}${next}`;
}

/** Of more hosts, only the leader keeps account without being asked (docs/cluster.md): the others' number would be old. */
const FEW_HOSTS = 20;

function clusterSummary(cluster: NonNullable<StatusReport['cluster']>, nowMs: number): string {
  const { since, revision, role, hosts } = cluster;
  const isCounted = hosts.length > 0 && (role === 'leader' || (role === 'follower' && hosts.length <= FEW_HOSTS));
  const facts = [
    `since ${clock(since, nowMs)}`,
    ...(revision === undefined ? [] : [`revision ${revision}`]),
    ...(isCounted ? [`${hosts.length} host${hosts.length === 1 ? '' : 's'}`] : []),
  ];
  return `Cluster: ${clusterText(cluster)}, ${facts.join(', ')}.`;
}

function nextRefreshText({ next_refresh_at: next, cluster }: StatusReport, nowMs: number): string {
  if (next !== undefined) return momentText(next, nowMs);
  const isElsewhere = cluster?.role === 'follower' || cluster?.role === 'waiting';
  return isElsewhere ? `by ${cluster.leader ?? 'whoever leads'}` : 'under way';
}

function accessTokenText(report: StatusReport, nowMs: number): string {
  const expiresAt = report.access_token?.expires_at;
  if (report.access_token === undefined) return 'none';
  if (expiresAt === undefined) return 'held, its expiry is unknown';
  return Date.parse(expiresAt) <= nowMs
    ? `EXPIRED at ${clock(expiresAt, nowMs)}`
    : `valid until ${momentText(expiresAt, nowMs)}`;
}

function loginText(report: StatusReport, nowMs: number): string {
  if (report.login === undefined) return 'made at an unknown time, so it may end at any moment';
  const endsAt = report.login.ends_at;
  if (Date.parse(endsAt) <= nowMs) return `ENDED at ${clock(endsAt, nowMs)}`;
  const advice = isLoginDue(report, nowMs) ? '; log in before that: token-refresh-sender login' : '';
  return `valid until ${momentText(endsAt, nowMs)}${advice}`;
}

/** From the first of the week's reminders on. */
function isLoginDue({ login }: StatusReport, nowMs: number): boolean {
  return login !== undefined && Date.parse(login.ends_at) - nowMs <= REMINDER_HOURS[0] * 3_600_000;
}

function momentText(iso: string, nowMs: number): string {
  const inMs = Date.parse(iso) - nowMs;
  return `${clock(iso, nowMs)} (${inMs <= 0 ? 'now' : `in ${duration(inMs)}`})`;
}

/** Local time: the hour alone for today, with the day otherwise. */
function clock(iso: string, nowMs: number): string {
  const date = new Date(iso);
  const two = (value: number) => String(value).padStart(2, '0');
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return date.toDateString() === new Date(nowMs).toDateString()
    ? time
    : `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}`;
}

/** The page as HTML, from what there is to show. Pure. */
import type { LoginView } from '../login/login-service.ts';
import type { StatusReport } from '../status/status-report.ts';
import { storelessLoginWords } from '../cluster/cluster-words.ts';
import { clusterHtml } from './cluster-list.ts';
import { markup, type Html } from './html.ts';
import { loginPanel } from './login-panel.ts';
import { moment } from './moments.ts';
import { ringHtml } from './ring.ts';
import { loginRing, tokenRing } from './rings.ts';
import { LOGIN_DUE_MS, situationOf, type Situation } from './situation.ts';
import { targetsHtml, timelineHtml } from './lists.ts';
import type { TimelineEvent } from './timeline.ts';

export interface PageView {
  readonly report: StatusReport;
  /** Newest first. */
  readonly timeline: readonly TimelineEvent[];
  readonly login: LoginView;
  /** Of this process; goes into every form. */
  readonly csrfToken: string;
  /** Why the last thing that was asked for on the page was not done. */
  readonly problem: string | undefined;
  readonly nowMs: number;
}

/** The whole document. */
export function renderPage(view: PageView): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${pageTitle(view)}</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
<script src="/script.js" defer></script>
</head>
<body>
<header class="top"><p class="name">Schwab Token Relay</p>
<p class="live" id="live" role="status" hidden></p>
<noscript><p class="live">As of ${moment(view.nowMs, view.nowMs)}. <a href="/">Look again</a></p></noscript></header>
<main data-now="${view.nowMs}">${mainContent(view)}</main>
</body>
</html>
`.text;
}

/** What the page's script puts in place of the present content of `main`. */
export function renderMain(view: PageView): string {
  return mainContent(view).text;
}

/** For the tab. */
export function pageTitle({ report, nowMs }: PageView): string {
  return `${situationOf(report, nowMs).headline} · Token Relay`;
}

function mainContent({ report, timeline, login, csrfToken, problem, nowMs }: PageView): Html {
  const situation = situationOf(report, nowMs);
  return markup`
<div class="hero ${situation.tone}">
${situationHtml(situation, report, nowMs)}
<div class="rings">${ringHtml(loginRing(report, nowMs), nowMs)}${ringHtml(tokenRing(report, nowMs), nowMs)}</div>
</div>
${loginPanel({ login, isDue: isLoginDue(report, nowMs), caution: cautionOf(report), csrfToken, problem, nowMs })}
<div class="columns">
${timelineHtml(timeline, nowMs)}
<div>
${targetsHtml(report.targets, nowMs)}
${clusterHtml(report.cluster, nowMs)}
${factsHtml(report, nowMs)}
</div>
</div>
`;
}

/** Where the end is unknown it may be near; but who has no token yet has no login to lose. */
function isLoginDue({ state, login }: StatusReport, nowMs: number): boolean {
  if (state === 'login_required') return true;
  return login === undefined ? state !== 'waiting' : Date.parse(login.ends_at) - nowMs <= LOGIN_DUE_MS;
}

/** What to know before a login here: a host that is not joined yet does not reach the others either. */
function cautionOf({ state, cluster }: StatusReport): string | undefined {
  const isApart = cluster === undefined ? state === 'waiting' : cluster.role === 'waiting';
  return isApart ? storelessLoginWords : undefined;
}

function situationHtml({ headline, explanation, advice }: Situation, report: StatusReport, nowMs: number): Html {
  return markup`<div class="situation">
<h1 id="state" aria-live="polite">${headline}</h1>
<p class="explanation">${explanation}</p>
${advice === undefined ? undefined : markup`<p class="advice"><strong>What to do</strong> ${advice}</p>`}
${report.since === undefined ? undefined : markup`<p class="since">Since ${moment(Date.parse(report.since), nowMs)}</p>`}
</div>`;
}

function refreshElsewhere({ cluster }: StatusReport): string {
  return cluster?.role === 'follower' || cluster?.role === 'waiting'
    ? `by ${cluster.leader ?? 'whoever leads'}`
    : 'under way';
}

function factsHtml(report: StatusReport, nowMs: number): Html {
  const { last_refresh: last, next_refresh_at: next } = report;
  return markup`<section aria-labelledby="facts-title"><h2 id="facts-title">Particulars</h2>
<dl>
<div><dt>Last refresh</dt><dd>${last === undefined ? 'none since the start' : markup`${moment(Date.parse(last.at), nowMs)}, ${last.message}`}</dd></div>
<div><dt>Next refresh</dt><dd>${next === undefined ? refreshElsewhere(report) : moment(Date.parse(next), nowMs)}</dd></div>
<div><dt>Refreshes</dt><dd>${report.refreshes} since ${moment(Date.parse(report.started_at), nowMs)}</dd></div>
<div><dt>Token file</dt><dd><code>${report.token_file}</code>${report.saved ? undefined : ' (not saved)'}</dd></div>
${report.access_token === undefined ? undefined : markup`<div><dt>Fingerprint</dt><dd><code>${report.access_token.fingerprint}</code></dd></div>`}
<div><dt>Sender</dt><dd>version ${report.version}, process ${report.pid}</dd></div>
</dl></section>`;
}

/** The targets and the timeline, as lists. Pure. */
import type { StatusReport } from '../status/status-report.ts';
import { markup, type Html } from './html.ts';
import { moment } from './moments.ts';
import { toneOf, type TimelineEvent, type Tone } from './timeline.ts';

/** Rows in view; the older ones can be opened. */
const IN_VIEW = 6;
/** What happens this shortly after one another is one row: a refresh and its deliveries. */
const ONE_ROW_MS = 5_000;

type TargetReport = StatusReport['targets'][number];

export function targetsHtml(targets: readonly TargetReport[], nowMs: number): Html {
  return markup`<section aria-labelledby="targets-title"><h2 id="targets-title">Targets</h2>
<ul class="targets">${targets.map((target) => targetHtml(target, nowMs))}</ul></section>`;
}

function targetHtml(target: TargetReport, nowMs: number): Html {
  const { tone, words } = TARGET_STATES[target.state];
  return markup`<li class="${tone}"><p><strong>${target.name}</strong> <span class="word">${words}${target.since === undefined ? undefined : markup` ${moment(Date.parse(target.since), nowMs)}`}</span></p>
<p class="hint"><code>${target.address}</code>${target.format === 'raw' ? ', the bare token' : undefined}</p>
${target.reason === undefined ? undefined : markup`<p>${target.reason}</p>`}</li>`;
}

const TARGET_STATES: Readonly<Record<TargetReport['state'], { tone: Tone | 'still'; words: string }>> = {
  idle: { tone: 'still', words: 'nothing sent yet' },
  delivering: { tone: 'still', words: 'being delivered' },
  delivered: { tone: 'good', words: 'delivered' },
  undelivered: { tone: 'watch', words: 'not delivered since' },
};

/** @param events newest first */
export function timelineHtml(events: readonly TimelineEvent[], nowMs: number): Html {
  const rows = timelineRows(events);
  const older = rows.slice(IN_VIEW);
  return markup`<section aria-labelledby="timeline-title"><h2 id="timeline-title">Lately</h2>
${rows.length === 0 ? markup`<p class="hint">Nothing has happened since the start.</p>` : rowList(rows.slice(0, IN_VIEW), nowMs)}
${older.length === 0 ? undefined : markup`<details><summary>Earlier</summary>${rowList(older, nowMs)}</details>`}
</section>`;
}

type Row = readonly [TimelineEvent, ...TimelineEvent[]];

/** Newest row first; within a row in the order in which it happened. */
function timelineRows(events: readonly TimelineEvent[]): readonly Row[] {
  const rows: Row[] = [];
  for (const event of events.toReversed()) {
    const row = rows[0];
    if (row !== undefined && event.atMs - row[0].atMs <= ONE_ROW_MS) rows[0] = [...row, event];
    else rows.unshift([event]);
  }
  return rows;
}

function rowList(rows: readonly Row[], nowMs: number): Html {
  return markup`<ol class="timeline">${rows.map(
    (row) => markup`<li>${moment(row[0].atMs, nowMs)}<div>${row.map((event) => eventHtml(event, nowMs))}</div></li>`,
  )}</ol>`;
}

function eventHtml({ kind, text, repeated }: TimelineEvent, nowMs: number): Html {
  return markup`<p class="${toneOf(kind)}">${text}${
    repeated === undefined
      ? undefined
      : markup` <span class="hint">(${repeated.times} times since ${moment(repeated.sinceMs, nowMs)})</span>`
  }</p>`;
}

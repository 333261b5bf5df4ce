/** A time left that one sees at a glance: a ring that empties, with the words inside it. Pure. */
import { markup, type Html } from './html.ts';
import { timeLeft } from './moments.ts';
import type { Tone } from './timeline.ts';

export interface Ring {
  /** What it is that ends: `Login`. */
  readonly title: string;
  readonly tone: Tone;
  readonly span: RingSpan | undefined;
  /** What stands inside, if there is no time to show. */
  readonly empty: readonly [large: string, small: string];
  /** Below the ring. */
  readonly caption: Html;
  /** Equal parts that the ring is cut into: seven days. */
  readonly parts: number;
  /** A mark on the ring, epoch milliseconds: the next refresh. */
  readonly notchMs?: number;
}

export interface RingSpan {
  /** Epoch milliseconds. */
  readonly fromMs: number;
  readonly untilMs: number;
}

export function ringHtml(ring: Ring, nowMs: number): Html {
  const { title, tone, span, caption, parts, notchMs } = ring;
  const isRunning = span !== undefined && span.untilMs > nowMs;
  const percent = isRunning ? percentLeft(span, nowMs) : 0;
  const [large, small] = isRunning ? timeLeft(span.untilMs - nowMs) : ring.empty;
  const notchAngle = isRunning && notchMs !== undefined ? (percentLeft(span, notchMs) * 360) / 100 : undefined;
  const label = isRunning ? `${Math.round(percent)} percent of its time is left` : `${large}, ${small}`;
  return markup`<figure class="ring ${tone}">
<div class="dial">
<svg viewBox="0 0 120 120" role="img" aria-label="${title}: ${label}">
<circle class="track" cx="60" cy="60" r="53"/>
<circle class="left" cx="60" cy="60" r="53" pathLength="100" stroke-dasharray="${percent.toFixed(2)} 100" transform="rotate(-90 60 60)"${spanData(isRunning ? span : undefined)}/>
${parts > 1 ? Array.from({ length: parts }, (_, index) => line('cut', (index * 360) / parts)) : []}${notchAngle === undefined ? undefined : line('notch', notchAngle)}
</svg>
<p class="amount"${isRunning ? markup` data-ring-until="${span.untilMs}"` : undefined}><strong>${large}</strong> <span>${small}</span></p>
</div>
<figcaption><h2>${title}</h2><p>${caption}</p></figcaption>
</figure>`;
}

function spanData(span: RingSpan | undefined): Html | undefined {
  return span === undefined ? undefined : markup` data-from="${span.fromMs}" data-to="${span.untilMs}"`;
}

function line(name: string, angle: number): Html {
  return markup`<line class="${name}" x1="60" y1="1" x2="60" y2="13" transform="rotate(${angle.toFixed(1)} 60 60)"/>`;
}

function percentLeft({ fromMs, untilMs }: RingSpan, atMs: number): number {
  const wholeMs = untilMs - fromMs;
  return wholeMs <= 0 ? 100 : Math.min(100, Math.max(0, ((untilMs - atMs) * 100) / wholeMs));
}

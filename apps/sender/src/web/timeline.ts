/** What happened lately, for the web page: a bounded list. Pure, but for the holder at the end. */

/** Events that the timeline keeps. */
export const TIMELINE_SIZE = 50;

/** `not_saved`: tokens could not be written; `adopted`: newer tokens were found in the file and taken over. */
export type TimelineEventKind =
  | 'started'
  | 'refreshed'
  | 'refresh_failed'
  | 'not_saved'
  | 'saved'
  | 'delivered'
  | 'undelivered'
  | 'adopted'
  | 'login'
  | 'login_failed'
  | 'login_due'
  | 'login_required'
  | 'misconfigured';

export interface TimelineEvent {
  /** Epoch milliseconds. */
  readonly atMs: number;
  readonly kind: TimelineEventKind;
  /** For people; never a token. */
  readonly text: string;
  /** A problem that came again and again, with nothing else in between: how often, and since when. */
  readonly repeated?: { readonly times: number; readonly sinceMs: number };
}

export type Tone = 'good' | 'watch' | 'bad';

/** How much it deserves a look. */
export function toneOf(kind: TimelineEventKind): Tone {
  switch (kind) {
    case 'started':
    case 'refreshed':
    case 'saved':
    case 'delivered':
    case 'adopted':
    case 'login':
      return 'good';
    case 'refresh_failed':
    case 'undelivered':
    case 'login_failed':
    case 'login_due':
      return 'watch';
    case 'not_saved':
    case 'login_required':
    case 'misconfigured':
      return 'bad';
  }
}

/**
 * The list with the event added, newest first, at most `TIMELINE_SIZE`. A problem that is the newest one again is counted
 * and not listed, so that a night without a network does not push out all else.
 */
export function withEvent(events: readonly TimelineEvent[], event: TimelineEvent): readonly TimelineEvent[] {
  const [newest, ...older] = events;
  if (newest?.kind === event.kind && newest.text === event.text && toneOf(event.kind) !== 'good') {
    const { times, sinceMs } = newest.repeated ?? { times: 1, sinceMs: newest.atMs };
    return [{ ...event, repeated: { times: times + 1, sinceMs } }, ...older];
  }
  return [event, ...events].slice(0, TIMELINE_SIZE);
}

export class Timeline {
  #events: readonly TimelineEvent[] = [];

  add(event: TimelineEvent): void {
    this.#events = withEvent(this.#events, event);
  }

  /** Newest first. */
  events(): readonly TimelineEvent[] {
    return this.#events;
  }
}

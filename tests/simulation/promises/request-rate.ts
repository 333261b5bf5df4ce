/** Schwab is never asked more often than the design says, unless somebody asks for it or something has changed. */
import {
  CONFIRM_FIRST_MS,
  CONFIRM_SECOND_MS,
  GAP_MS,
  PARKED_MS,
  REFRESH_INTERVAL_MS,
  REQUESTS_AN_HOUR,
  RETRY_AFTER_CAP_MS,
} from '../bounds.ts';
import type { Happening, PromiseCheck, Scene } from '../scene.ts';

const HOUR_MS = 3_600_000;
/** After these, a request may come before its time. */
const EXCUSES: readonly string[] = ['reload', 'login', 'other_refresh'];
/** A request takes up to half a minute, and the lifetime counts from before it, in whole seconds. */
const SLACK_MS = 32_000;
/** A turn of the loop that has begun before. */
const ROUNDING_MS = 5;

export function requestRate(): PromiseCheck {
  let lastAskedAtTrueMs = -Infinity;
  let answeredAtTrueMs = -Infinity;
  /** of the last request, over a suspend too */
  let tookMs = 0;
  let leastWaitMs = 0;
  let pendingAnswer: Extract<Happening, { kind: 'answered' }> | undefined;
  /** the refresh token that is to be used next */
  let given: string | undefined;
  let excused = true;
  /** the confirmation that is under way */
  let confirming: { readonly refusals: number; readonly sinceMs: number } | undefined;
  const lastHour: number[] = [];

  const excuse = () => {
    excused = true;
    return undefined;
  };

  /** What has to be waited for after the last answer, in the state that it led to. */
  function settleAnswer(scene: Scene): void {
    if (pendingAnswer === undefined) return;
    const { state } = scene.sender;
    const before = confirming;
    confirming = state.kind === 'confirming' ? state : undefined;
    // A verdict that comes before its time changes nothing, and the wait is that of the one before.
    const isEarly = before?.refusals === confirming?.refusals && before?.sinceMs === confirming?.sinceMs;
    leastWaitMs = isEarly && confirming !== undefined ? 0 : leastWait(pendingAnswer, scene, tookMs);
    pendingAnswer = undefined;
  }

  function asked(refreshToken: string, scene: Scene): string | undefined {
    const { clock } = scene;
    settleAnswer(scene);
    // Another login, or one that another program has refreshed, starts anew.
    excused ||= refreshToken !== given;
    given = refreshToken;
    const nowMs = clock.runningMs();
    const gapMs = clock.trueMs() - lastAskedAtTrueMs;
    lastAskedAtTrueMs = clock.trueMs();
    lastHour.push(nowMs);
    while ((lastHour[0] ?? nowMs) <= nowMs - HOUR_MS) lastHour.shift();
    if (gapMs < GAP_MS) return `twice within ${gapMs} ms`;
    if (lastHour.length > REQUESTS_AN_HOUR) return `${lastHour.length} requests within an hour`;
    const waitedMs = clock.trueMs() - answeredAtTrueMs;
    if (!excused && waitedMs < leastWaitMs - ROUNDING_MS) {
      return `asked ${waitedMs / 1_000} s after the last answer, and ${leastWaitMs / 1_000} s were to be waited for`;
    }
    excused = false;
    return undefined;
  }

  return {
    name: 'requests no faster than the design',
    on: {
      asked: ({ refreshToken }, scene) => asked(refreshToken, scene),
      answered: (answer, { clock }) => {
        answeredAtTrueMs = clock.trueMs();
        tookMs = answeredAtTrueMs - lastAskedAtTrueMs;
        pendingAnswer = answer;
        if (answer.meaning.kind === 'granted') given = answer.meaning.refreshToken;
        return undefined;
      },
      planned: ({ event }, { sender }) => {
        // A token seems older on a clock that was moved, also one that is being asked for; a wait is as long as it is.
        const isOut = answeredAtTrueMs < lastAskedAtTrueMs;
        const seemsOlder = event.kind === 'clock' && (sender.state.kind === 'healthy' || isOut);
        if (seemsOlder || EXCUSES.includes(event.kind)) excused = true;
        return undefined;
      },
      asked_by_hand: excuse,
      started: excuse,
      login_accepted: excuse,
      written_by_other: excuse,
    },
    look: (scene) => {
      settleAnswer(scene);
      return undefined;
    },
  };
}

/** After this answer, which took so long, and in the state that it led to. */
function leastWait(
  { meaning, retryAfter }: Extract<Happening, { kind: 'answered' }>,
  { sender, clock }: Scene,
  tookMs: number,
): number {
  const { state } = sender;
  if (state.kind === 'login_required') return PARKED_MS;
  if (state.kind === 'misconfigured') {
    return { 1: CONFIRM_FIRST_MS, 2: CONFIRM_SECOND_MS, 3: PARKED_MS }[state.answers];
  }
  switch (meaning.kind) {
    case 'granted':
      // A token ages from the moment it was asked for: one that came after a suspend can be old at once.
      return Math.max(0, REFRESH_INTERVAL_MS - SLACK_MS - tookMs);
    case 'refused':
    case 'unauthorized':
      if (state.kind !== 'confirming') return 0;
      return state.refusals === 1 ? CONFIRM_FIRST_MS : CONFIRM_SECOND_MS;
    case 'passing':
      // A date means something only on a clock that is right.
      if (retryAfter === undefined || (clock.wallOffsetMs !== 0 && !/^\d+$/.test(retryAfter))) return 0;
      return Math.min(retryAfterMs(retryAfter, clock.wallMs()), RETRY_AFTER_CAP_MS);
    case 'lost':
      return 0;
  }
}

function retryAfterMs(value: string, nowMs: number): number {
  return /^\d+$/.test(value) ? Number(value) * 1_000 : Math.max(0, Date.parse(value) - nowMs);
}

/**
 * While Schwab would give a token, the sender is not without a valid one for longer than its wait allows. One thing nobody can
 * know: that the clock was set back between the time at which a token was issued and the time at which it is found in the file.
 * Such a token is kept until it seems to be due.
 */
import { GAP_MS, HTTP_TIMEOUT_MS, longestWaitMs, REFRESH_INTERVAL_MS } from '../bounds.ts';
import { LastRequest, Spell, type PromiseCheck, type Scene } from '../scene.ts';

/** A token that is this much older than it looks is refreshed too late; less is within the lead of 5 minutes. */
const NOTEWORTHY_MS = 60_000;

export function served(): PromiseCheck {
  const without = new Spell();
  const request = new LastRequest();
  let heldBefore: string | undefined;
  let looksYounger = false;
  let hadRetryAfter = false;

  return {
    name: 'a valid token whenever Schwab would give one',
    on: {
      started: () => (heldBefore = undefined),
      asked: (_happening, scene) => request.asked(scene),
      answered: ({ meaning, retryAfter }) => {
        hadRetryAfter = retryAfter !== undefined;
        // A new wait begins with it.
        if (meaning.kind !== 'granted' && request.wasAskedInBadWeather) without.again();
        return undefined;
      },
    },
    look: (scene) => {
      const { sender, schwab, clock } = scene;
      const accessToken = sender.held?.accessToken;
      if (accessToken !== undefined && accessToken !== heldBefore) {
        heldBefore = accessToken;
        looksYounger = hiddenAgeMs(accessToken, scene) > NOTEWORTHY_MS;
      }
      const isWithout = sender.status === 'up' && !schwab.isValid(accessToken);
      const wouldGive = isWithout && schwab.accepts(sender.held?.refreshToken) && schwab.isItself(HTTP_TIMEOUT_MS);
      const lastsMs = without.lasts(wouldGive, clock.runningMs());
      const keptMs = looksYounger ? REFRESH_INTERVAL_MS : 0;
      const allowedMs = longestWaitMs(sender.state.kind, hadRetryAfter) + HTTP_TIMEOUT_MS + GAP_MS + keptMs;
      if (lastsMs <= allowedMs) return undefined;
      return `none for ${lastsMs / 1_000} s, though Schwab would give one; ${sender.state.kind} allows ${allowedMs / 1_000} s`;
    },
  };
}

/** By how much a token is older than the wall clock makes it look. */
function hiddenAgeMs(accessToken: string, { sender, schwab, clock }: Scene): number {
  const trueMs = clock.trueMs() - (schwab.issuedAtMs(accessToken) ?? clock.trueMs());
  return trueMs - (clock.wallMs() - (sender.held?.issuedAtMs ?? clock.wallMs()));
}

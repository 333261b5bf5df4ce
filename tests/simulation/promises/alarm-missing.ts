/** A login that is dead is said to be: within the time to the next refresh and its confirmation. */
import { CONFIRMED_MS, HTTP_TIMEOUT_MS, longestWaitMs, PARKED_MS, REFRESH_INTERVAL_MS } from '../bounds.ts';
import { LastRequest, Spell, type PromiseCheck } from '../scene.ts';

const ALLOWED_MS = REFRESH_INTERVAL_MS + longestWaitMs('retrying') + CONFIRMED_MS;

export function alarmMissing(): PromiseCheck {
  const dead = new Spell();
  const request = new LastRequest();
  let wasMisconfigured = false;
  let isSaid = false;
  let heldBefore: string | undefined;
  return {
    name: 'an alarm when the login is dead',
    on: {
      started: () => {
        isSaid = false;
        return undefined;
      },
      hook: ({ event }) => {
        if (event === 'login_required') isSaid = true;
        return undefined;
      },
      asked: (_happening, scene) => request.asked(scene),
      answered: ({ meaning }) => {
        if (meaning.kind !== 'refused' && request.wasAskedInBadWeather) dead.again();
        return undefined;
      },
    },
    look: ({ sender, schwab, clock }) => {
      const { status, state, held } = sender;
      if (state.kind === 'login_required') {
        dead.again();
        return status === 'up' && !isSaid ? 'a login is required, and nobody was told' : undefined;
      }
      isSaid = false;
      // Another login that was taken over: whether that one is alive only its next refresh shows.
      if (held?.refreshToken !== heldBefore) dead.again();
      heldBefore = held?.refreshToken;
      const isDead = status === 'up' && !schwab.accepts(held?.refreshToken) && schwab.isItself(HTTP_TIMEOUT_MS);
      const lastsMs = dead.lasts(isDead, clock.runningMs());
      if (lastsMs === 0) wasMisconfigured = false;
      wasMisconfigured ||= state.kind === 'misconfigured';
      const allowedMs = ALLOWED_MS + (wasMisconfigured ? PARKED_MS : 0);
      if (lastsMs <= allowedMs) return undefined;
      return `dead for ${lastsMs / 1_000} s, and the sender is ${state.kind}; ${allowedMs / 1_000} s are allowed`;
    },
  };
}

/** Where Schwab says 401 and goes on saying so, somebody is told to look at the app's credentials: with the next refresh. */
import { GAP_MS, HTTP_TIMEOUT_MS, longestWaitMs, REFRESH_INTERVAL_MS } from '../bounds.ts';
import { Spell, type PromiseCheck } from '../scene.ts';

const ALLOWED_MS = REFRESH_INTERVAL_MS + longestWaitMs('retrying') + HTTP_TIMEOUT_MS + GAP_MS;

export function credentialsAlarm(): PromiseCheck {
  const wrong = new Spell();
  let isSaid = false;
  return {
    name: 'an alarm when the credentials are wrong',
    on: {
      started: () => {
        isSaid = false;
        return undefined;
      },
      error_line: ({ text }) => {
        if (text.startsWith('Wrong credentials')) isSaid = true;
        return undefined;
      },
    },
    look: ({ sender: { status, state }, schwab, clock }) => {
      if (state.kind === 'misconfigured') {
        wrong.again();
        return status === 'up' && !isSaid ? 'the credentials are wrong, and nobody was told' : undefined;
      }
      isSaid = false;
      // While a login is required, whoever logs in is told.
      const isWrong =
        status === 'up' && state.kind !== 'login_required' && schwab.alwaysSaysUnauthorized(HTTP_TIMEOUT_MS);
      const lastsMs = wrong.lasts(isWrong, clock.runningMs());
      if (lastsMs <= ALLOWED_MS) return undefined;
      return `401 for ${lastsMs / 1_000} s, and the sender is ${state.kind}; ${ALLOWED_MS / 1_000} s are allowed`;
    },
  };
}

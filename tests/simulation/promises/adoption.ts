/** A newer login that comes into the token file is gone on with at once, whatever the state. */
import { isLoginInFuture, knownLoginAtMs } from '@token-relay/tokens';
import { CONFIRMED_MS, GAP_MS, HTTP_TIMEOUT_MS, longestWaitMs, REFRESH_INTERVAL_MS, WATCH_POLL_MS } from '../bounds.ts';
import { Spell, type PromiseCheck, type Scene } from '../scene.ts';

const ALLOWED_MS = WATCH_POLL_MS + HTTP_TIMEOUT_MS + 2 * GAP_MS;
/** One that seemed to be made in the future when it came is looked at again with the next refresh. */
const SEEMED_WRONG_MS = REFRESH_INTERVAL_MS + longestWaitMs('retrying') + CONFIRMED_MS;

export function adoption(): PromiseCheck {
  const ignored = new Spell();
  let inFile: string | undefined;
  let seemedWrong = false;
  return {
    name: 'a newer login in the file is taken over',
    look: (scene) => {
      const found = scene.disk.tokens();
      const nowInFuture = isLoginInFuture(found, scene.clock.wallMs());
      seemedWrong = found?.refreshToken === inFile ? seemedWrong || nowInFuture : nowInFuture;
      inFile = found?.refreshToken;
      const lastsMs = ignored.lasts(isIgnored(scene), scene.clock.runningMs());
      if (lastsMs <= ALLOWED_MS + (seemedWrong ? SEEMED_WRONG_MS : 0)) return undefined;
      return `one that Schwab accepts has been in the file for ${lastsMs / 1_000} s, and another is held (${scene.sender.state.kind})`;
    },
  };
}

function isIgnored({ sender, disk, schwab, clock }: Scene): boolean {
  const found = disk.tokens();
  const { held, status, state, isSaved } = sender;
  if (status !== 'up' || found?.refreshToken === undefined || found.refreshToken === held?.refreshToken) return false;
  if (!schwab.accepts(found.refreshToken)) return false;
  if (held?.refreshToken === undefined) return true;
  // While a login is required, any other is worth a try.
  if (state.kind === 'login_required' && isSaved) return true;
  const theirsMs = knownLoginAtMs(found, clock.wallMs());
  const oursMs = knownLoginAtMs(held, clock.wallMs());
  return theirsMs !== undefined && (oursMs === undefined || Math.floor(theirsMs / 1_000) > Math.floor(oursMs / 1_000));
}

/** Every receiver that can be reached holds the newest token soon. */
import { DELIVERY_TRIES_MS, GAP_MS, HTTP_TIMEOUT_MS, longestWaitMs, SLOW_POLL_MS } from '../bounds.ts';
import { Spell, type PromiseCheck, type Scene } from '../scene.ts';

/** At a start, what is due is refreshed first, and published if that fails. */
const ALLOWED_MS = SLOW_POLL_MS + DELIVERY_TRIES_MS + HTTP_TIMEOUT_MS + GAP_MS;

export function delivered(): PromiseCheck {
  const behind = new Map<string, Spell>();
  let heldBefore: string | undefined;
  return {
    name: 'every live receiver holds the newest token',
    look: (scene) => {
      const { sender, receivers, clock } = scene;
      const accessToken = offered(scene);
      if (accessToken !== heldBefore) behind.clear();
      heldBefore = accessToken;
      for (const receiver of receivers) {
        const isBehind = accessToken !== undefined && receiver.isReachable && receiver.accessToken !== accessToken;
        if (!isBehind) {
          behind.delete(receiver.name);
          continue;
        }
        const spell = behind.get(receiver.name) ?? new Spell();
        behind.set(receiver.name, spell);
        const lastsMs = spell.lasts(true, clock.runningMs());
        // A token that was over by a clock that has been put right since is offered again with the next attempt.
        const allowedMs = ALLOWED_MS + longestWaitMs(sender.state.kind);
        if (lastsMs > allowedMs)
          return `${receiver.name} is behind for ${lastsMs / 1_000} s; ${allowedMs / 1_000} s are allowed`;
      }
      return undefined;
    },
  };
}

/** The token that is held, if it is good by both clocks. */
function offered({ sender, schwab, clock }: Scene): string | undefined {
  const { held, status } = sender;
  if (status !== 'up' || !schwab.isValid(held?.accessToken)) return undefined;
  return (held?.expiresAtMs ?? 0) > clock.wallMs() ? held?.accessToken : undefined;
}

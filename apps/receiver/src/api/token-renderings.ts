/** The token as it is sent. Each form is made once, until it says something else: it has the seconds left in it. */
import { PreparedAnswer } from '@token-relay/daemon';
import type { HeldToken } from '@token-relay/socket';
import { etagOf } from './token-decision.ts';
import { tokenEvent, type Frame } from './token-event.ts';
import { tokenView } from './token-view.ts';

export class TokenRenderings {
  readonly view: (held: HeldToken, nowMs: number) => PreparedAnswer = keptFor(
    secondsLeft,
    (held, nowMs) => new PreparedAnswer({ status: 200, headers: { ETag: etagOf(held) }, body: tokenView(held, nowMs) }),
  );

  readonly raw: (held: HeldToken) => PreparedAnswer = keptForToken(
    (held) => new PreparedAnswer({ status: 200, headers: { ETag: etagOf(held) }, body: held.message.accessToken }),
  );

  readonly unchanged: (held: HeldToken) => PreparedAnswer = keptForToken(
    (held) => new PreparedAnswer({ status: 304, headers: { ETag: etagOf(held) } }),
  );

  readonly event: (held: HeldToken, nowMs: number) => Frame = keptFor(secondsLeft, (held, nowMs) =>
    tokenEvent(tokenView(held, nowMs)),
  );
}

function secondsLeft({ message: { expiresAtMs } }: HeldToken, nowMs: number): number {
  return expiresAtMs === undefined ? 0 : Math.floor((expiresAtMs - nowMs) / 1_000);
}

/** Remembers the last one made, for as long as neither the token nor the seconds change. */
function keptFor<Made>(
  secondsOf: (held: HeldToken, nowMs: number) => number,
  make: (held: HeldToken, nowMs: number) => Made,
): (held: HeldToken, nowMs: number) => Made {
  let kept: { readonly held: HeldToken; readonly seconds: number; readonly made: Made } | undefined;
  return (held, nowMs) => {
    const seconds = secondsOf(held, nowMs);
    if (kept?.held !== held || kept.seconds !== seconds) kept = { held, seconds, made: make(held, nowMs) };
    return kept.made;
  };
}

function keptForToken<Made>(make: (held: HeldToken) => Made): (held: HeldToken) => Made {
  const kept = keptFor(() => 0, make);
  return (held) => kept(held, 0);
}

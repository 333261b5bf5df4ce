/** The time of a login never moves on a refresh: in memory and in the file. */
import type { TokenSet } from '@token-relay/tokens';
import type { PromiseCheck, Scene } from '../scene.ts';

export function loginTime(): PromiseCheck {
  const seconds = new Map<number, number>();

  function compare(tokenSet: TokenSet | undefined, { schwab }: Scene): string | undefined {
    const login = schwab.loginOf(tokenSet?.refreshToken);
    if (login === undefined || tokenSet?.loginAtMs === undefined) return undefined;
    const second = Math.floor(tokenSet.loginAtMs / 1_000);
    const before = seconds.get(login.number) ?? second;
    seconds.set(login.number, before);
    return before === second ? undefined : `login ${login.number} was made at ${before}, and now it says ${second}`;
  }

  return {
    name: 'the login time never moves',
    on: { saved: ({ tokenSet }, scene) => compare(tokenSet, scene) },
    look: (scene) => compare(scene.sender.held, scene),
  };
}

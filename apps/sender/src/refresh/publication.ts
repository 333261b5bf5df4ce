/** What the targets have been given: each token once, and none that is over. */
import type { TokenSet } from '@token-relay/tokens';

export class Publication {
  readonly #publish: (tokenSet: TokenSet) => void;
  #published: TokenSet | undefined;

  constructor(publish: (tokenSet: TokenSet) => void) {
    this.#publish = publish;
  }

  offer(tokenSet: TokenSet | undefined, nowMs: number): void {
    if (tokenSet?.accessToken === undefined || isSamePublication(tokenSet, this.#published)) return;
    if (tokenSet.expiresAtMs !== undefined && tokenSet.expiresAtMs <= nowMs) return;
    this.#published = tokenSet;
    this.#publish(tokenSet);
  }
}

function isSamePublication(one: TokenSet, other: TokenSet | undefined): boolean {
  return (
    one.accessToken === other?.accessToken &&
    one.refreshToken === other?.refreshToken &&
    one.expiresAtMs === other?.expiresAtMs
  );
}

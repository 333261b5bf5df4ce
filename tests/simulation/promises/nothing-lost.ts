/** What Schwab gave last is in memory or on disk, and is never replaced by an older login. */
import type { PromiseCheck } from '../scene.ts';

export function nothingLost(): PromiseCheck {
  /** the refresh token that the sender had last, of a login that is alive */
  let owed: string | undefined;
  /** since it had that: its save failed, or somebody else wrote the file */
  let isExposed = false;
  let refusals = 0;

  const has = (refreshToken: string | undefined): void => {
    if (refreshToken === undefined || refreshToken === owed) return;
    owed = refreshToken;
    isExposed = false;
  };
  const expose = () => {
    isExposed = true;
    return undefined;
  };

  return {
    name: 'no token lost',
    on: {
      answered: ({ meaning }, scene) => {
        if (meaning.kind === 'refused') refusals += 1;
        if (meaning.kind !== 'granted') return undefined;
        refusals = 0;
        // An answer may come after a newer login has ended what it was for.
        if (scene.schwab.accepts(meaning.refreshToken)) has(meaning.refreshToken);
        return undefined;
      },
      login_accepted: ({ refreshToken }) => {
        has(refreshToken);
        return undefined;
      },
      saved: ({ tokenSet }) => {
        if (tokenSet.refreshToken === owed) isExposed = false;
        return undefined;
      },
      save_failed: expose,
      written_by_other: expose,
      ended: (_happening, { disk }) => {
        // A crash takes what could not be saved, and a stop what could not be saved even then.
        if (isExposed && disk.tokens()?.refreshToken !== owed) owed = undefined;
        return undefined;
      },
    },
    look: (scene) => {
      const { sender, disk, schwab } = scene;
      const { held } = sender;
      // With no sender there, the file is in the hands of whoever writes it.
      if (isExposed && sender.status === 'down') owed = undefined;
      if (schwab.accepts(held?.refreshToken)) has(held?.refreshToken);
      if (owed === undefined || !schwab.accepts(owed)) return undefined;
      const inFile = disk.tokens()?.refreshToken;
      if (held?.refreshToken === owed || inFile === owed) return undefined;
      // When Schwab has refused a login three times, any other one in the file is tried in its place.
      if (isExposed && refusals >= 3) {
        owed = undefined;
        return undefined;
      }
      return `the refresh token that Schwab gave last (${owed}) is neither held (${held?.refreshToken ?? 'none'}) nor in the file (${inFile ?? 'none'})`;
    },
  };
}

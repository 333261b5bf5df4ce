/** Nobody is told to log in, or to look at the app's credentials, without cause; and not twice for the same. */
import { CONFIRM_FIRST_MS, CONFIRM_SECOND_MS } from '../bounds.ts';
import type { PromiseCheck, Scene } from '../scene.ts';

type Verdict = { readonly kind: 'refused' | 'unauthorized'; readonly atMs: number };

export function alarmCause(): PromiseCheck {
  let verdicts: Verdict[] = [];
  let refreshToken: string | undefined;
  let alarms = new Set<string>();

  const start = (): undefined => {
    verdicts = [];
    alarms = new Set();
    return undefined;
  };

  function alarmed(what: 'login_required' | 'misconfigured', scene: Scene): string | undefined {
    if (alarms.has(what)) return `${what} was said twice for the same`;
    alarms.add(what);
    const held = scene.sender.held;
    if (what === 'login_required' && held?.refreshToken === undefined) return withoutLogin(scene);
    const [first] = verdicts;
    const last = verdicts.at(-1);
    // Wrong credentials are said at once.
    if (what === 'misconfigured' && last?.kind === 'unauthorized') return undefined;
    if (first === undefined || last === undefined || verdicts.length < 3) {
      return `${what} after ${verdicts.length} answers that say so`;
    }
    if (last.kind !== (what === 'login_required' ? 'refused' : 'unauthorized')) return `${what} after ${last.kind}`;
    const confirmedMs = last.atMs - first.atMs;
    if (confirmedMs < CONFIRM_FIRST_MS + CONFIRM_SECOND_MS)
      return `${what} was confirmed within ${confirmedMs / 1_000} s`;
    const other = scene.disk.tokens()?.refreshToken;
    if (
      what === 'login_required' &&
      other !== held?.refreshToken &&
      scene.sender.isSaved &&
      scene.schwab.accepts(other)
    ) {
      return 'the token file has a login that Schwab accepts';
    }
    return undefined;
  }

  return {
    name: 'no alarm without cause',
    on: {
      started: start,
      answered: ({ meaning: { kind } }, { clock }) => {
        if (kind === 'granted') start();
        if (kind !== 'refused' && kind !== 'unauthorized') return undefined;
        // A verdict is confirmed by its like.
        if (verdicts.at(-1)?.kind !== kind) verdicts = [];
        verdicts.push({ kind, atMs: clock.trueMs() });
        // Other news in between: then the credentials are news again.
        if (kind === 'refused') alarms.delete('misconfigured');
        return undefined;
      },
      hook: ({ event }, scene) => (event === 'login_required' ? alarmed('login_required', scene) : undefined),
      error_line: ({ text }, scene) =>
        text.startsWith('Wrong credentials') ? alarmed('misconfigured', scene) : undefined,
    },
    look: ({ sender }) => {
      if (sender.held?.refreshToken !== refreshToken) start();
      refreshToken = sender.held?.refreshToken;
      return undefined;
    },
  };
}

function withoutLogin({ disk }: Scene): string | undefined {
  return disk.tokens()?.refreshToken === undefined ? undefined : 'nothing is held, and the token file has a login';
}

/** The user is told 48, 24, 6 and 1 hours before the login ends, once each, by the wall clock, also across restarts. */
import { isLoginInFuture } from '@token-relay/tokens';
import { HTTP_TIMEOUT_MS, PIECE_MS } from '../bounds.ts';
import { LOGIN_LIFE_MS } from '../schwab.ts';
import { Spell, type PromiseCheck, type Scene } from '../scene.ts';

const HOURS = [48, 24, 6, 1];
const HOUR_MS = 3_600_000;
/** A turn of the loop, with a request in it. */
const ALLOWED_MS = PIECE_MS + HTTP_TIMEOUT_MS + 2_000;

export function reminders(): PromiseCheck {
  /** `login second/hours` */
  const given = new Set<string>();
  /** of a login that was held before another one was */
  const forgotten = new Set<string>();
  /** those that the disk could not take */
  const unsaved = new Set<string>();
  const due = new Spell();
  let dueBefore: string | undefined;
  let login: number | undefined;

  /** What was said of a login may be forgotten with it, should it come back. */
  function forgetOther(scene: Scene): void {
    if (scene.sender.held === undefined || loginSecond(scene) === login) return;
    login = loginSecond(scene);
    for (const name of given) forgotten.add(name);
    given.clear();
  }

  return {
    name: 'reminders at 48, 24, 6 and 1 hours, once each',
    on: {
      started: () => {
        for (const name of unsaved) given.delete(name);
        unsaved.clear();
        return undefined;
      },
      hook: ({ event, hoursLeft }, scene) => {
        if (event !== 'login_due') return undefined;
        forgetOther(scene);
        const name = mostUrgent(scene);
        if (name === undefined) return `a reminder of ${hoursLeft} hours, and none is due`;
        if (given.has(name)) return `${name} was said before`;
        given.add(name);
        if (scene.disk.isFull) unsaved.add(name);
        else unsaved.clear();
        const leftMs = leftOf(scene) ?? NaN;
        return Math.ceil(leftMs / HOUR_MS) === hoursLeft ? undefined : `${hoursLeft} hours, and ${leftMs} ms are left`;
      },
    },
    look: (scene) => {
      const { sender, clock } = scene;
      forgetOther(scene);
      const isTold = sender.status === 'up' && sender.state.kind !== 'login_required';
      const name = isTold ? mostUrgent(scene) : undefined;
      if (name !== dueBefore) due.again();
      dueBefore = name;
      const isOwed = name !== undefined && !given.has(name) && !forgotten.has(name);
      const lastsMs = due.lasts(isOwed, clock.runningMs());
      return lastsMs <= ALLOWED_MS ? undefined : `${String(name)} was due ${lastsMs / 1_000} s ago`;
    },
  };
}

/** The reminder that is due by what the sender can know. */
function mostUrgent(scene: Scene): string | undefined {
  const leftMs = leftOf(scene);
  if (leftMs === undefined || leftMs <= 0) return undefined;
  const hours = HOURS.findLast((hour) => leftMs <= hour * HOUR_MS);
  return hours === undefined ? undefined : `${loginSecond(scene)}/${hours} hours`;
}

function leftOf({ sender, clock }: Scene): number | undefined {
  const { held } = sender;
  if (held?.refreshToken === undefined || held.loginAtMs === undefined) return undefined;
  if (isLoginInFuture(held, clock.wallMs())) return undefined;
  return held.loginAtMs + LOGIN_LIFE_MS - clock.wallMs();
}

function loginSecond({ sender }: Scene): number {
  return Math.floor((sender.held?.loginAtMs ?? 0) / 1_000);
}

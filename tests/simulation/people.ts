/** What people and other programs do: log in, refresh, and write the token file. */
import { loginTokenSet } from '../../apps/sender/src/login/login-answer.ts';
import { HTTP_TIMEOUT_MS } from './bounds.ts';
import type { SimulatedClock } from './clock.ts';
import type { Disk } from './disk.ts';
import type { Machine } from './machine.ts';
import { MINUTE } from './make-plan.ts';
import type { Happening } from './scene.ts';
import type { Schwab } from './schwab.ts';

/** A person whose login fails, because Schwab is away, tries again. */
const LOGIN_AGAIN_MS = 30 * MINUTE;
const LOGIN_TRIES = 200;

export interface PeopleParts {
  readonly clock: SimulatedClock;
  readonly schwab: Schwab;
  readonly disk: Disk;
  readonly machine: Machine;
  readonly tell: (happening: Happening) => void;
}

export class People {
  readonly #parts: PeopleParts;

  constructor(parts: PeopleParts) {
    this.#parts = parts;
  }

  /** With whichever program; where the daemon is down, its command writes the file like any other. */
  logIn(by: 'command' | 'other_program', fileAfterMs: number, tries = 0): void {
    const { schwab, clock, disk, machine, tell } = this.#parts;
    if (!schwab.isItself(HTTP_TIMEOUT_MS)) {
      if (tries < LOGIN_TRIES) clock.after(LOGIN_AGAIN_MS, () => this.logIn(by, fileAfterMs, tries + 1));
      return;
    }
    const answer = schwab.logIn();
    if (by === 'command' && machine.acceptLogin(answer)) return;
    const { accessToken, refreshToken } = answer;
    const tokens = { accessToken, refreshToken, expiresInSeconds: schwab.lifeSeconds };
    const tokenSet = loginTokenSet(tokens, clock.wallMs());
    clock.after(fileAfterMs, () => {
      if (disk.isFull) return;
      tell({ kind: 'written_by_other' });
      disk.writeBy(tokenSet);
    });
  }

  refreshWithOtherProgram(): void {
    const { schwab, disk, clock, tell } = this.#parts;
    const before = disk.tokens();
    if (before?.refreshToken === undefined || disk.isFull || !schwab.isItself(HTTP_TIMEOUT_MS)) return;
    const reaction = schwab.refresh(before.refreshToken);
    if (reaction.kind !== 'answer' || reaction.meaning.kind !== 'granted') return;
    const { accessToken, refreshToken } = reaction.meaning;
    const issuedAtMs = Math.floor(clock.wallMs() / 1_000) * 1_000;
    const expiresAtMs = issuedAtMs + schwab.lifeSeconds * 1_000;
    tell({ kind: 'written_by_other' });
    disk.writeBy({ ...before, accessToken, refreshToken, issuedAtMs, expiresAtMs });
  }

  /** By mistake: the file of an earlier login, half a file, or none. */
  spoilTokenFile(how: 'older_file' | 'broken_file' | 'removed_file'): void {
    const { disk, tell } = this.#parts;
    if (how === 'older_file' && (disk.isFull || !disk.hasOlder())) return;
    tell({ kind: 'written_by_other' });
    if (how === 'older_file') disk.putOlder();
    else if (how === 'broken_file') disk.break();
    else disk.remove();
  }
}

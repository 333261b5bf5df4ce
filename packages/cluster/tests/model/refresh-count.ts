/**
 * How often Schwab may be asked. By leaders: once a period, once more for each take-over and each new login, which a leader
 * may hear of while it refreshes the one before. By each host that goes on alone: once a period of each such stretch, and
 * once more. A clock that is set forward shortens a period by as much.
 */
import type { Role } from '../../src/membership.ts';
import { TIMES } from './host-process.ts';

/** Issue times are whole seconds, on the early side. */
const PERIOD_MS = TIMES.refreshAfterMs - 1_000;

interface Stretch {
  readonly beganAtMs: number;
  asked: number;
}

export class RefreshCount {
  readonly #breaches: string[] = [];
  readonly #stretches = new Map<string, Stretch>();
  #byLeaders = 0;
  #logins = 0;
  #setForwardMs = 0;
  #mischance: string | undefined;

  loggedIn(): void {
    this.#logins += 1;
  }

  clockSet(byMs: number): void {
    this.#setForwardMs += Math.abs(byMs);
  }

  /** The next refresh of this host is not counted. */
  byMischance(host: string): void {
    this.#mischance = host;
  }

  /** @returns whether it was by mischance */
  asked(host: string, role: Role, atMs: number): boolean {
    if (this.#mischance === host) {
      this.#mischance = undefined;
      return true;
    }
    this.role(host, role, atMs);
    const stretch = this.#stretches.get(host);
    if (stretch === undefined) this.#byLeaders += 1;
    else stretch.asked += 1;
    return false;
  }

  role(host: string, role: Role | undefined, atMs: number): void {
    const isAlone = role === 'alone' || role === 'single';
    const stretch = this.#stretches.get(host);
    if (isAlone && stretch === undefined) this.#stretches.set(host, { beganAtMs: atMs, asked: 0 });
    if (isAlone || stretch === undefined) return;
    this.#stretches.delete(host);
    const most = 1 + Math.floor((atMs - stretch.beganAtMs + this.#setForwardMs) / PERIOD_MS);
    if (stretch.asked > most) this.#breaches.push(`${host} asked ${stretch.asked} times alone, and ${most} are enough`);
  }

  breaches(nowMs: number, takeOvers: number): readonly string[] {
    for (const host of [...this.#stretches.keys()]) this.role(host, undefined, nowMs);
    const most = 1 + Math.floor((nowMs + this.#setForwardMs) / PERIOD_MS) + takeOvers + this.#logins;
    const words = `leaders asked ${this.#byLeaders} times, and ${most} are enough (${takeOvers} take-overs)`;
    return this.#byLeaders > most ? [...this.#breaches, words] : this.#breaches;
  }
}

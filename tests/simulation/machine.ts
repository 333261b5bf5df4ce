/** The machine on which the sender runs: starts it, stops it, crashes it, and passes on what people ask of it. */
import { healthy } from '../../apps/sender/src/refresh/login-state.ts';
import { Life, type LifeParts } from './life.ts';
import { Random } from './random.ts';
import type { SenderView } from './scene.ts';
import type { LoginAnswer } from './schwab.ts';

/** A watch sees a change after this; one that missed it, at its next look. */
const COALESCE_MS = 20;
const POLL_MS = 30_000;
const SEEN_AT_ONCE = 0.9;

const DOWN: SenderView = { status: 'down', held: undefined, state: healthy, isSaved: true, requestsUnderWay: 0 };

export class Machine {
  readonly #parts: LifeParts;
  readonly #chance: Random;
  #life: Life | undefined;
  #isStopping = false;
  #failure: Error | undefined;

  constructor(parts: Omit<LifeParts, 'random'>, seed: number) {
    this.#chance = new Random(seed, 'sender');
    this.#parts = { ...parts, random: this.#chance.next };
  }

  view(): SenderView {
    const life = this.#life;
    if (life === undefined) return DOWN;
    const { state, tokenSet, saved } = life.sender.refresher.snapshot();
    const status = this.#isStopping ? 'stopping' : 'up';
    return { status, held: tokenSet, state, isSaved: saved, requestsUnderWay: life.requestsUnderWay };
  }

  /** What the sender rejected with, which it never should. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  async start(): Promise<void> {
    if (this.#life !== undefined) return;
    const life = new Life(this.#parts);
    this.#life = life;
    this.#isStopping = false;
    this.#parts.tell({ kind: 'started' });
    await life.sender.load();
    void life.sender.refresher.run(life.stop.signal).then(
      () => this.#ended(life),
      (error: unknown) => (this.#failure ??= error instanceof Error ? error : new Error(String(error))),
    );
  }

  /** SIGTERM: it ends when its request has been answered. */
  stop(): void {
    if (this.#life === undefined || this.#isStopping) return;
    this.#isStopping = true;
    this.#life.stop.abort();
  }

  /** SIGKILL, or the power fails: what was not saved is gone. */
  crash(): void {
    const life = this.#life;
    if (life === undefined) return;
    life.isAlive = false;
    this.#life = undefined;
    this.#parts.tell({ kind: 'ended', how: 'crash' });
    life.stop.abort();
  }

  /** `token-refresh-sender refresh`. */
  ask(): void {
    if (this.#life === undefined || this.#isStopping) return;
    this.#parts.tell({ kind: 'asked_by_hand' });
    void this.#life.sender.refresher.refreshNow();
  }

  reload(): void {
    this.#life?.sender.refresher.configurationChanged();
  }

  tokenFileChanged(): void {
    const life = this.#life;
    if (life === undefined) return;
    const lateMs = this.#chance.chance(SEEN_AT_ONCE) ? COALESCE_MS : this.#chance.whole(COALESCE_MS, POLL_MS);
    life.after(lateMs, () => life.sender.refresher.tokenFileChanged());
  }

  /** `token-refresh-sender login`, asked of the daemon. False: there is none. */
  acceptLogin({ accessToken, refreshToken }: LoginAnswer): boolean {
    const { clock, schwab, tell } = this.#parts;
    if (this.#life === undefined || this.#isStopping) return false;
    tell({ kind: 'login_accepted', refreshToken });
    const tokens = { accessToken, refreshToken, expiresInSeconds: schwab.lifeSeconds };
    void this.#life.sender.acceptLogin(tokens, clock.wallMs());
    return true;
  }

  #ended(life: Life): void {
    if (!life.isAlive) return;
    life.isAlive = false;
    this.#life = undefined;
    this.#isStopping = false;
    void life.sender.close();
    this.#parts.tell({ kind: 'ended', how: 'stop' });
  }
}

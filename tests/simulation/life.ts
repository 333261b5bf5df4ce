/** One run of the daemon: the real sender in simulated surroundings. What it does after its end does not happen. */
import type { Log } from '@token-relay/daemon';
import type { Exchange } from '../../apps/sender/src/refresh/token-endpoint.ts';
import { Sender } from '../../apps/sender/src/sender.ts';
import { loadSenderSettings } from '../../apps/sender/src/settings.ts';
import type { SenderSurroundings } from '../../apps/sender/src/surroundings.ts';
import type { SimulatedClock } from './clock.ts';
import type { Disk } from './disk.ts';
import { TARGETS, type Receiver } from './receivers.ts';
import type { Happening } from './scene.ts';
import type { Reaction, Schwab } from './schwab.ts';

const settings = {
  ...(await loadSenderSettings({
    env: {},
    cwd: '/made-up',
    uid: 0,
    flags: {
      tokenFile: '/made-up/schwab_tokens.json',
      controlSocketPath: '/made-up/control.sock',
      socketPath: '/made-up/one.sock',
    },
    exists: () => false,
  })),
  targets: TARGETS,
};

export interface LifeParts {
  readonly clock: SimulatedClock;
  readonly schwab: Schwab;
  readonly disk: Disk;
  readonly receivers: readonly Receiver[];
  readonly tell: (happening: Happening) => void;
  /** in the place of Math.random */
  readonly random: () => number;
}

export class Life {
  readonly sender: Sender;
  readonly stop: AbortController = new AbortController();
  isAlive = true;
  requestsUnderWay = 0;
  readonly #parts: LifeParts;

  constructor(parts: LifeParts) {
    this.#parts = parts;
    const appConfig = { appKey: 'made-up-key', appSecret: 'made-up-secret', callbackUrl: 'https://127.0.0.1:8182' };
    this.sender = new Sender(
      {
        settings,
        appConfig,
        certificates: new Map(),
        log: this.#log(),
        pid: 1,
        hideSecret: () => undefined,
        hookHost: { environment: {}, kill: () => true },
      },
      this.#surroundings(),
    );
  }

  /** A timer of this process. */
  after(ms: number, wakeUp: () => void): () => void {
    return this.#parts.clock.after(ms, () => {
      if (this.isAlive) wakeUp();
    });
  }

  #tell(happening: Happening): void {
    if (this.isAlive) this.#parts.tell(happening);
  }

  #log(): Log {
    return {
      debug: (text) => this.#tell({ kind: 'line', text: `debug ${text}` }),
      info: (text) => this.#tell({ kind: 'line', text: `info ${text}` }),
      warn: (text) => this.#tell({ kind: 'line', text: `WARN ${text}` }),
      error: (text) => this.#tell({ kind: 'error_line', text }),
    };
  }

  #surroundings(): SenderSurroundings {
    const { clock, disk, random } = this.#parts;
    const isAlive = () => this.isAlive;
    return {
      nowMs: clock.wallMs,
      bootMs: clock.bootMs,
      random,
      pause: clock.pause,
      post: ({ body }, timeoutMs) => this.#post(body, timeoutMs),
      delivery: {
        after: (ms, wakeUp) => this.after(ms, wakeUp),
        watch: (path, onChange) => {
          const index = TARGETS.findIndex(({ address }) => address.kind === 'unix' && address.path === path);
          this.#parts.receivers[index]?.watch(onChange, this.stop.signal);
        },
        send: (address, payload, { timeoutMs }) =>
          this.#send(
            TARGETS.findIndex((target) => target.address === address),
            payload,
            timeoutMs,
          ),
      },
      tokenStore: disk.tokenStore(isAlive),
      reminderStore: disk.reminderStore(isAlive),
      hookRunner: () => ({
        fire: (event, details) =>
          this.#tell({
            kind: 'hook',
            event,
            hoursLeft: Number(details?.environment?.['TOKEN_RELAY_HOURS_LEFT'] ?? -1),
          }),
        settled: () => Promise.resolve(),
        close: () => Promise.resolve(),
      }),
    };
  }

  async #send(index: number, payload: string, timeoutMs: number): Promise<void> {
    const receiver = this.#parts.receivers[index];
    // A process that is gone sends nothing, and asks nothing.
    if (receiver === undefined || !this.isAlive) return never();
    const { access_token: accessToken } = JSON.parse(payload) as { readonly access_token: string };
    this.#tell({ kind: 'sent', receiver: receiver.name, accessToken });
    return receiver.take(payload, timeoutMs);
  }

  #post(body: string, timeoutMs: number): Promise<Exchange> {
    if (!this.isAlive) return never();
    const refreshToken = new URLSearchParams(body).get('refresh_token') ?? '';
    this.requestsUnderWay += 1;
    this.#tell({ kind: 'asked', refreshToken });
    const reaction = this.#parts.schwab.refresh(refreshToken);
    const isLost = reaction.kind === 'lost' || reaction.delayMs >= timeoutMs;
    return new Promise((resolve) => {
      this.after(isLost ? timeoutMs : reaction.delayMs, () => {
        this.requestsUnderWay -= 1;
        resolve(this.#arrival(reaction, isLost));
      });
    });
  }

  #arrival(reaction: Reaction, isLost: boolean): Exchange {
    if (isLost || reaction.kind !== 'answer') {
      this.#tell({ kind: 'answered', meaning: { kind: 'lost' } });
      return { kind: 'fault', reason: 'the made-up Schwab cannot be reached' };
    }
    const { answer, meaning, retryAfter } = reaction;
    this.#tell({ kind: 'answered', meaning, ...(retryAfter === undefined ? {} : { retryAfter }) });
    return { kind: 'answer', answer: { status: answer.status, body: answer.body, retryAfter } };
  }
}

function never<Result>(): Promise<Result> {
  return new Promise(() => undefined);
}

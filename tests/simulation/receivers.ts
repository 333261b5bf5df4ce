/** The receivers of the machine: what they hold, and what stands in the way. They hear tokens with the real decoder. */
import { MessageDecoder } from '@token-relay/protocol';
import { DeliveryError, deliveryErrorFromSystem } from '../../packages/socket/src/delivery-error.ts';
import { NewestToken } from '../../packages/socket/src/newest-token.ts';
import type { TargetConfig } from '../../apps/sender/src/delivery/target.ts';
import type { ReceiverTrouble } from './plan-events.ts';
import type { SimulatedClock } from './clock.ts';
import type { Random } from './random.ts';

const POLL_MS = 30_000;
const COALESCE_MS = 20;

export const TARGETS: readonly TargetConfig[] = [
  target('one', { kind: 'unix', path: '/made-up/one.sock' }),
  target('two', { kind: 'unix', path: '/made-up/two.sock' }),
  target('three', { kind: 'tcp', host: '127.0.0.1', port: 9_999 }),
];

function target(name: string, address: TargetConfig['address']): TargetConfig {
  return { name, address, format: 'json', includeRefreshToken: false };
}

export class Receiver {
  readonly name: string;
  readonly #clock: SimulatedClock;
  readonly #random: Random;
  #holding: NewestToken;
  #trouble: { readonly how: ReceiverTrouble; readonly number: number } | undefined;
  #troubles = 0;
  readonly #watchers = new Set<(present: boolean) => void>();

  constructor(name: string, clock: SimulatedClock, random: Random) {
    this.name = name;
    this.#clock = clock;
    this.#random = random;
    this.#holding = this.#empty();
  }

  get isReachable(): boolean {
    return this.#trouble === undefined;
  }

  get accessToken(): string | undefined {
    return this.#holding.held?.message.accessToken;
  }

  /** A receiver that was gone is another process afterwards: on a Unix socket it has forgotten what it held. */
  suffer(how: ReceiverTrouble, forMs: number): void {
    this.#troubles += 1;
    const number = this.#troubles;
    this.#trouble = { how, number };
    if (how === 'gone') this.#fileChanged(false);
    this.#clock.after(forMs, () => {
      if (this.#trouble?.number !== number) return;
      this.#trouble = undefined;
      if (how !== 'gone') return;
      if (this.name !== 'three') this.#holding = this.#empty();
      this.#fileChanged(true);
    });
  }

  watch(onChange: (present: boolean) => void, signal: AbortSignal): void {
    this.#watchers.add(onChange);
    signal.addEventListener('abort', () => this.#watchers.delete(onChange), { once: true });
  }

  /** @throws DeliveryError */
  async take(payload: string, timeoutMs: number): Promise<void> {
    const where = `the made-up receiver ${this.name}`;
    if (this.#hindrance() === 'hangs') {
      await this.#wait(timeoutMs);
      throw new DeliveryError('timeout', `${where} did not answer within ${timeoutMs} ms.`);
    }
    await this.#wait(this.#random.whole(0, 3));
    switch (this.#hindrance()) {
      case 'gone':
        throw deliveryErrorFromSystem('ENOENT', where);
      case 'refuses':
        throw deliveryErrorFromSystem('ECONNREFUSED', where);
      case 'busy':
        throw new DeliveryError('refused', `${where} refused the token (busy).`, 'busy');
      case 'hangs':
        throw new DeliveryError('no_reply', `${where} closed without a word.`);
      case undefined:
        break;
    }
    const step = new MessageDecoder().push(Buffer.from(payload));
    if (step.status !== 'complete') throw new DeliveryError('refused', `${where} refused the token.`, 'bad_message');
    this.#holding.take(step.message, { from: 'unix' });
  }

  #hindrance(): ReceiverTrouble | undefined {
    return this.#trouble?.how;
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(ms, resolve));
  }

  #empty(): NewestToken {
    const nowMs = this.#clock.wallMs;
    return new NewestToken({ keepRefreshToken: false, nowMs, restored: undefined, lastGeneration: 0 });
  }

  /** A watch sees it soon; one that misses it, because the folder was made anew, at its next look. */
  #fileChanged(present: boolean): void {
    const lateMs = this.#random.chance(0.9) ? COALESCE_MS : this.#random.whole(COALESCE_MS, POLL_MS);
    for (const watcher of this.#watchers)
      this.#clock.after(lateMs, () => watcher(present && this.#trouble?.how !== 'gone'));
  }
}

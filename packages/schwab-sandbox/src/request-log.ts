import { SandboxError } from './errors.ts';
import type { Fault } from './faults.ts';
import type { Outcome } from './token-endpoint.ts';
import type { GrantType } from './token-request.ts';

/** One request to the token endpoint, as it was decided; secrets are fingerprints (first 8 hex digits of their SHA-256). */
export type RequestRecord = {
  /** 1, 2, 3 … since the start. */
  number: number;
  atMs: number;
  grantType: GrantType;
  /** Fingerprint of the refresh token or code that was shown. */
  shown?: string;
  /** `fault`: the grant was not looked at. */
  outcome: Outcome | 'fault';
  fault?: Fault['kind'];
  /** The status that is sent; none when there is no answer. */
  status?: number;
  /** Fingerprints of what was issued. */
  accessToken?: string;
  refreshToken?: string;
};

const maxKept = 1000;

/** The newest 1000 requests, and a way to wait for the next. */
export class RequestLog {
  readonly #kept: RequestRecord[] = [];
  readonly #waiting = new Set<{ number: number; found: PromiseWithResolvers<RequestRecord> }>();
  #count = 0;

  get records(): readonly RequestRecord[] {
    return this.#kept;
  }

  get count(): number {
    return this.#count;
  }

  add(request: Omit<RequestRecord, 'number'>): void {
    this.#count += 1;
    const record = { number: this.#count, ...request };
    this.#kept.push(record);
    if (this.#kept.length > maxKept) this.#kept.shift();
    for (const waiter of this.#waiting) {
      if (waiter.number !== record.number) continue;
      this.#waiting.delete(waiter);
      waiter.found.resolve(record);
    }
  }

  /** Resolves when request `number` has arrived; rejects with SandboxError `closed` if it no longer can. */
  wait(number: number): Promise<RequestRecord> {
    const found = Promise.withResolvers<RequestRecord>();
    const record = this.#kept.find((kept) => kept.number === number);
    if (record !== undefined) found.resolve(record);
    else if (number <= this.#count) found.reject(new SandboxError('closed', `Request ${number} is no longer kept.`));
    else this.#waiting.add({ number, found });
    return found.promise;
  }

  close(): void {
    for (const { number, found } of this.#waiting) {
      found.reject(new SandboxError('closed', `The sandbox was closed before request ${number} arrived.`));
    }
    this.#waiting.clear();
  }
}

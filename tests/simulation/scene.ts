/** What the promises look at: everything that is known, also what the sender cannot know. */
import { HTTP_TIMEOUT_MS } from './bounds.ts';
import type { LoginState } from '../../apps/sender/src/refresh/login-state.ts';
import type { TokenSet } from '@token-relay/tokens';
import type { SimulatedClock } from './clock.ts';
import type { Disk } from './disk.ts';
import type { PlanEvent } from './plan-events.ts';
import type { Receiver } from './receivers.ts';
import type { Meaning, Schwab } from './schwab.ts';

/** Each is told at the moment when it happens. */
export type Happening =
  | { readonly kind: 'planned'; readonly event: PlanEvent }
  | { readonly kind: 'started' }
  | { readonly kind: 'ended'; readonly how: 'crash' | 'stop' }
  /** somebody asks for a refresh */
  | { readonly kind: 'asked_by_hand' }
  /** Schwab is asked, with this refresh token */
  | { readonly kind: 'asked'; readonly refreshToken: string }
  /** the answer has come; `lost`: it has not, within the HTTP timeout or because the connection broke */
  | { readonly kind: 'answered'; readonly meaning: Meaning | { readonly kind: 'lost' }; readonly retryAfter?: string }
  | { readonly kind: 'saved'; readonly tokenSet: TokenSet }
  | { readonly kind: 'save_failed'; readonly tokenSet: TokenSet }
  /** another program wrote the token file */
  | { readonly kind: 'written_by_other' }
  | { readonly kind: 'login_accepted'; readonly refreshToken: string }
  | { readonly kind: 'sent'; readonly receiver: string; readonly accessToken: string }
  | { readonly kind: 'hook'; readonly event: string; readonly hoursLeft: number }
  | { readonly kind: 'error_line'; readonly text: string }
  | { readonly kind: 'line'; readonly text: string };

export interface SenderView {
  /** `up`: its loop runs */
  readonly status: 'up' | 'stopping' | 'down';
  readonly held: TokenSet | undefined;
  readonly state: LoginState;
  readonly isSaved: boolean;
  readonly requestsUnderWay: number;
}

export interface Scene {
  readonly clock: SimulatedClock;
  readonly schwab: Schwab;
  readonly disk: Disk;
  readonly receivers: readonly Receiver[];
  readonly sender: SenderView;
}

type Handlers = {
  readonly [Kind in Happening['kind']]?: (
    happening: Extract<Happening, { kind: Kind }>,
    scene: Scene,
  ) => string | undefined;
};

/** Each returns what was broken, in words. */
export interface PromiseCheck {
  readonly name: string;
  /** Told before the sender can react to it. */
  readonly on?: Handlers;
  /** Called when nothing is left to do at this moment. */
  readonly look?: (scene: Scene) => string | undefined;
}

/** For how long something has been so, without a break. */
export class Spell {
  #sinceMs: number | undefined;

  /** @returns for how long, in milliseconds; 0 if it is not so */
  lasts(isSo: boolean, nowMs: number): number {
    if (!isSo) this.#sinceMs = undefined;
    else this.#sinceMs ??= nowMs;
    return this.#sinceMs === undefined ? 0 : nowMs - this.#sinceMs;
  }

  again(): void {
    this.#sinceMs = undefined;
  }
}

/** The request that is under way: one that was asked in bad weather may end badly after that is over. */
export class LastRequest {
  wasAskedInBadWeather = true;

  asked({ schwab }: Scene): undefined {
    this.wasAskedInBadWeather = !schwab.isItself(HTTP_TIMEOUT_MS);
    return undefined;
  }
}

/** Tells a promise what has happened. */
export function told({ on }: PromiseCheck, happening: Happening, scene: Scene): string | undefined {
  const handler = on?.[happening.kind] as ((happening: Happening, scene: Scene) => string | undefined) | undefined;
  return handler?.(happening, scene);
}

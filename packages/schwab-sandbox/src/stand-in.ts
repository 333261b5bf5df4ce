import type { Answer } from './answers.ts';
import { decideAuthorizeRequest, decideLoginStep } from './authorize-endpoint.ts';
import { FaultQueue } from './fault-queue.ts';
import { fingerprint } from './fingerprint.ts';
import type { IssuedTokens } from './login-book.ts';
import { LoginBook } from './login-book.ts';
import type { LoginStep } from './login-flows.ts';
import { LoginFlows } from './login-flows.ts';
import type { SandboxOptions } from './options.ts';
import type { RandomSource } from './random-source.ts';
import { seededSource, unpredictable } from './random-source.ts';
import { RequestLog } from './request-log.ts';
import { announceCredentials } from './secrets-channel.ts';
import type { Delivery } from './spoil.ts';
import { deliver, deliverInstead, isSpoiling, spoil } from './spoil.ts';
import { decideTokenRequest } from './token-endpoint.ts';
import type { Credentials, TokenRequest } from './token-request.ts';
import { grantTypeOf, secretOf } from './token-request.ts';

/** The stand-in itself: what it knows and what it answers, without the HTTP around it. */
export class StandIn {
  readonly faults: FaultQueue = new FaultQueue();
  readonly log: RequestLog = new RequestLog();
  readonly book: LoginBook;
  readonly callbackUrl: string;
  credentials: Credentials;
  approved: boolean;
  readonly #flows: LoginFlows;
  readonly #autoApprove: boolean;
  readonly #nowMs: () => number;

  constructor(options: SandboxOptions) {
    const random: RandomSource = options.seed === undefined ? unpredictable : seededSource(options.seed);
    this.#nowMs = options.nowMs;
    this.book = new LoginBook(options, random);
    this.#flows = new LoginFlows(random);
    this.#autoApprove = options.autoApprove;
    this.callbackUrl = options.callbackUrl;
    this.credentials = { appKey: options.appKey, appSecret: options.appSecret };
    announceCredentials(this.credentials);
    this.approved = !options.unapprovedApp;
  }

  logIn(): IssuedTokens {
    return this.book.logIn(this.credentials.appKey, this.#nowMs());
  }

  authorize(query: URLSearchParams): Answer {
    const app = { appKey: this.credentials.appKey, callbackUrl: this.callbackUrl, approved: this.approved };
    return decideAuthorizeRequest(query, app, this.#logins, this.#autoApprove, this.#nowMs());
  }

  continueLogin(step: LoginStep, body: string): Answer {
    return decideLoginStep(step, new URLSearchParams(body), this, this.#logins, this.#nowMs());
  }

  token(request: TokenRequest): Delivery {
    const atMs = this.#nowMs();
    const shown = secretOf(request.body);
    const asked = {
      atMs,
      grantType: grantTypeOf(request.body),
      ...(shown === undefined ? {} : { shown: fingerprint(shown) }),
    };

    const fault = this.faults.take();
    if (fault !== undefined && !isSpoiling(fault)) {
      const delivery = deliverInstead(fault, shown ?? '');
      this.log.add({ ...asked, outcome: 'fault', fault: fault.kind, ...statusOf(delivery) });
      return delivery;
    }

    const app = { ...this.credentials, callbackUrl: this.callbackUrl, approved: this.approved };
    const { outcome, answer, tokens } = decideTokenRequest(request, app, this.book, atMs);
    const delivery = fault === undefined ? deliver(answer) : spoil(answer, tokens, fault);
    this.log.add({
      ...asked,
      outcome,
      ...(fault === undefined ? {} : { fault: fault.kind }),
      ...statusOf(delivery),
      ...(tokens === undefined
        ? {}
        : { accessToken: fingerprint(tokens.accessToken), refreshToken: fingerprint(tokens.refreshToken) }),
    });
    return delivery;
  }

  get #logins(): { flows: LoginFlows; book: LoginBook } {
    return { flows: this.#flows, book: this.book };
  }
}

function statusOf(delivery: Delivery): { status?: number } {
  return 'status' in delivery ? { status: delivery.status } : {};
}

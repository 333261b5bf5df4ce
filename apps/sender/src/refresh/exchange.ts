/** One request for new tokens: made, sent and judged. */
import { refreshRequest, type AppCredentials, type TokenRequest } from './token-request.ts';
import type { Exchange } from './token-endpoint.ts';
import { judgeRefreshAnswer, type RefreshOutcome } from './token-answer.ts';

export interface ExchangeContext {
  readonly tokenUrl: string;
  readonly httpTimeoutMs: number;
  readonly credentials: AppCredentials;
  /** Keeps a token out of the log. */
  readonly hide: (token: string) => void;
  /** `postForm`: resolves with the answer or the fault. */
  readonly post: (request: TokenRequest, timeoutMs: number) => Promise<Exchange>;
  readonly nowMs: () => number;
}

/** Never rejects: what went wrong is the outcome. */
export async function exchangeRefreshToken(
  { tokenUrl, httpTimeoutMs, credentials, hide, post, nowMs }: ExchangeContext,
  refreshToken: string,
): Promise<RefreshOutcome> {
  hide(refreshToken);
  const exchange = await post(refreshRequest(tokenUrl, credentials, refreshToken), httpTimeoutMs);
  if (exchange.kind === 'fault') return { kind: 'passing', reason: exchange.reason };
  const outcome = judgeRefreshAnswer(exchange.answer, nowMs());
  if (outcome.kind === 'granted') {
    hide(outcome.tokens.accessToken);
    if (outcome.tokens.refreshToken !== undefined) hide(outcome.tokens.refreshToken);
  }
  return outcome;
}

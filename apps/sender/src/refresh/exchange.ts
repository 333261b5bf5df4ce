/** One request for new tokens: made, sent and judged. */
import { refreshRequest, type AppCredentials } from './token-request.ts';
import { postForm } from './token-endpoint.ts';
import { judgeRefreshAnswer, type RefreshOutcome } from './token-answer.ts';

export interface ExchangeContext {
  readonly tokenUrl: string;
  readonly httpTimeoutMs: number;
  readonly credentials: AppCredentials;
  /** Keeps a token out of the log. */
  readonly hide: (token: string) => void;
}

/** Never rejects: what went wrong is the outcome. */
export async function exchangeRefreshToken(
  { tokenUrl, httpTimeoutMs, credentials, hide }: ExchangeContext,
  refreshToken: string,
): Promise<RefreshOutcome> {
  hide(refreshToken);
  const exchange = await postForm(refreshRequest(tokenUrl, credentials, refreshToken), httpTimeoutMs);
  if (exchange.kind === 'fault') return { kind: 'passing', reason: exchange.reason };
  const outcome = judgeRefreshAnswer(exchange.answer, Date.now());
  if (outcome.kind === 'granted') {
    hide(outcome.tokens.accessToken);
    if (outcome.tokens.refreshToken !== undefined) hide(outcome.tokens.refreshToken);
  }
  return outcome;
}

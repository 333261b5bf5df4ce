/** What Schwab answers: status, `Retry-After` and body, as the refresh and the login judge it. */
import { fingerprint } from '@token-relay/tokens';
import fc from 'fast-check';
import { judgeLoginAnswer, loginTokenSet } from '../../../apps/sender/src/login/login-answer.ts';
import { judgeRefreshAnswer, type HttpAnswer } from '../../../apps/sender/src/refresh/token-answer.ts';
import { refreshed, type RefreshedTokens } from '../../../packages/tokens/src/refreshed.ts';
import { assertTokenSet } from '../../../packages/tokens/src/token-set.ts';
import { parseTokenText, formatTokenText } from '../../../packages/tokens/src/formats/token-text.ts';
import { asBytes, objectText, tokenText } from '../arbitraries.ts';
import { demandNoSecret, SECRET } from '../secrets.ts';
import { demand, type FuzzTarget } from '../target.ts';

const NOW_MS = Date.UTC(2026, 2, 2, 15);
const TEN_YEARS_SECONDS = 10 * 365 * 86_400;

const granted = objectText({
  access_token: tokenText,
  refresh_token: tokenText,
  id_token: tokenText,
  token_type: fc.constantFrom('Bearer', 'bearer', 1, null),
  scope: fc.constantFrom('api', '', null, ['api']),
  expires_in: fc.oneof(
    fc.constantFrom(1800, '1800', 0, -1, Infinity, '1e3', null, true, '', 1e308),
    fc.double(),
    fc.integer(),
  ),
});
const refusal = objectText({
  error: fc.oneof(
    fc.constantFrom(
      'invalid_grant',
      'invalid_client',
      'unauthorized_client',
      'unsupported_token_type',
      'invalid_request',
    ),
    tokenText,
  ),
  error_description: fc.oneof(
    fc.constantFrom(
      'refresh_token_invalid',
      'Unauthorized',
      'AuthorizationCode has expired',
      'Bad authorization code',
      'redirect_uri',
      'Refresh token is invalid, expired or revoked',
      null,
      1,
    ),
    tokenText,
  ),
});
const retryAfter = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '1',
    '300',
    '301',
    '999999999',
    '9999999999',
    '-1',
    '1.5',
    'soon',
    ' 5',
    'Mon, 02 Mar 2026 15:04:00 GMT',
    'Monday, 02-Mar-26 15:04:00 GMT',
    'Mon Mar  2 15:04:00 2026',
    SECRET,
  ),
  fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
  fc.string({ maxLength: 20 }),
);
const status = fc.oneof(
  fc.constantFrom(200, 200, 200, 400, 400, 401, 403, 408, 429, 500, 502, 503, 504, 201, 204, 301),
  fc.integer({ min: 100, max: 999 }),
);

export const answerBody: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: granted },
  { weight: 6, arbitrary: refusal },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', 'null', '[]', '<html><title>Access Denied</title>', `<p>${SECRET}`, '"text"', '{}'),
  },
);

export const ANSWER_WORDS: readonly string[] = [
  '"access_token"', '"refresh_token"', '"expires_in"', '"id_token"', '"error"', '"error_description"', 'invalid_grant', 'invalid_client', 'refresh_token_invalid', 'expired',
  'authorization code', 'redirect_uri', 'unauthorized_client', SECRET, '{', '}', '"', '200', '400', '401', '429', '503', 'null', '__proto__',
]; // prettier-ignore

/** The first line is the status, the second `Retry-After` (none if empty), the rest the body. */
function answerOf(input: Uint8Array): HttpAnswer {
  const text = Buffer.from(input).toString('utf8');
  const [first = '', second = ''] = text.split('\n', 2);
  const body = text.slice(first.length + second.length + 2);
  const number = Number(first);
  return {
    status: Number.isInteger(number) && number >= 100 && number <= 999 ? number : 200,
    retryAfter: second === '' ? undefined : second,
    body,
  };
}

export const schwabAnswer: FuzzTarget = {
  name: 'schwab-answer',
  feeds: "the judges of Schwab's answers to a refresh and to a login",
  inputs: asBytes(
    fc
      .tuple(
        status.map(String),
        fc.oneof({ weight: 2, arbitrary: fc.constant('') }, { weight: 1, arbitrary: retryAfter }),
        answerBody,
      )
      .map((parts) => parts.join('\n')),
  ),
  dictionary: ANSWER_WORDS,
  runs: { long: 250_000, short: 2_000 },
  maxBytes: 20_000,
  isGuided: true,
  open: () => ({
    check(input) {
      const answer = answerOf(input);
      checkJudgements(answer);
    },
  }),
};

/** Both judgements of an answer, whatever it is. */
export function checkJudgements(answer: HttpAnswer): void {
  const refresh = judgeRefreshAnswer(answer, NOW_MS);
  if (refresh.kind === 'granted') checkTokens(refresh.tokens);
  else demandNoSecret(refresh.reason, 'the reason of a failed refresh');
  if (refresh.kind === 'passing' && refresh.retryAfterMs !== undefined) {
    demand(
      refresh.retryAfterMs > 0 && refresh.retryAfterMs <= 300_000,
      'bounds',
      `Retry-After became ${refresh.retryAfterMs} ms`,
    );
  }
  if (refresh.kind === 'refused' || refresh.kind === 'wrong_credentials') {
    demand(answer.status === 400 || answer.status === 401, 'schema', `HTTP ${answer.status} was taken for a refusal`);
  }
  const login = judgeLoginAnswer(answer);
  if (login.kind === 'granted') assertTokenSet(loginTokenSet(login.tokens, NOW_MS));
  else demandNoSecret(login.message, 'the message of a failed login');
  demand(
    login.kind !== 'granted' || refresh.kind === 'granted',
    'schema',
    'a login was granted by an answer that grants no refresh',
  );
}

function checkTokens(tokens: RefreshedTokens): void {
  const { expiresInSeconds } = tokens;
  demand(
    expiresInSeconds >= 1 && expiresInSeconds <= TEN_YEARS_SECONDS,
    'bounds',
    `a lifetime of ${expiresInSeconds} s`,
  );
  const set = refreshed(
    { accessToken: 'old', refreshToken: 'old-refresh', loginAtMs: NOW_MS - 86_400_000 },
    tokens,
    NOW_MS,
  );
  assertTokenSet(set);
  demand(set.loginAtMs === NOW_MS - 86_400_000, 'schema', 'a refresh moved the login time');
  demand(set.refreshToken !== undefined && set.refreshToken !== '', 'schema', 'a refresh deleted the refresh token');
  const read = parseTokenText(formatTokenText(set, 'schwab-py'));
  demand(
    read.ok && fingerprint(read.tokenSet.accessToken ?? '') === fingerprint(tokens.accessToken),
    'round_trip',
    'what was granted cannot be read from the file that it is saved to',
  );
}

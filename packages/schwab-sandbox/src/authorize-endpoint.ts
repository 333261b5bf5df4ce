import type { Answer } from './answers.ts';
import { htmlAnswer } from './answers.ts';
import type { LoginBook } from './login-book.ts';
import { mintSession } from './mint.ts';
import type { RandomSource } from './random-source.ts';

/** `GET /v1/oauth/authorize`: answers as if the user had logged in and allowed the app. */
export function decideAuthorizeRequest(
  query: URLSearchParams,
  app: { appKey: string; callbackUrl: string },
  book: LoginBook,
  random: RandomSource,
  nowMs: number,
): Answer {
  if (query.get('client_id') !== app.appKey) return refused('client_id is not the app key');
  if (query.get('redirect_uri') !== app.callbackUrl) {
    return refused('redirect_uri is not the registered callback; it must be the same byte for byte');
  }
  const responseType = query.get('response_type');
  if (responseType !== null && responseType !== 'code') return refused('response_type must be code');

  const location = new URL(app.callbackUrl);
  location.searchParams.set('code', book.issueCode(nowMs));
  location.searchParams.set('session', mintSession(random));
  const state = query.get('state');
  if (state !== null) location.searchParams.set('state', state);
  return { status: 302, headers: { Location: location.href, 'Cache-Control': 'no-store' }, body: '' };
}

function refused(reason: string): Answer {
  return htmlAnswer(400, 'Bad Request', `The login cannot begin: ${reason}.`);
}

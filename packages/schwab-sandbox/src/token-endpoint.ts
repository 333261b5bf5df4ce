import type { Answer } from './answers.ts';
import {
  badRequest,
  jsonAnswer,
  refusedCode,
  refusedRefreshToken,
  tokenBody,
  tokenBodyWithoutRefreshToken,
  wrongCredentials,
} from './answers.ts';
import type { IssuedTokens, LoginBook } from './login-book.ts';
import type { Credentials, LoginRequest, TokenRequest } from './token-request.ts';
import { judgeTokenRequest } from './token-request.ts';

export type Outcome =
  | 'issued'
  | 'issued_without_refresh_token'
  | 'refresh_token_expired'
  | 'refresh_token_ended'
  | 'code_expired'
  | 'code_bad'
  | 'wrong_credentials'
  | 'app_not_approved'
  | 'malformed';

export type Decision = { outcome: Outcome; answer: Answer; tokens?: IssuedTokens };

type App = Credentials & { callbackUrl: string; approved: boolean };

/**
 * `POST /v1/oauth/token` (SCHWAB.md). A login whose form holds more than it should is answered without a refresh token,
 * and leaves the earlier login as it was. A `redirect_uri` that is not the registered one is a bad code. An app that
 * is not approved is answered as one with wrong credentials.
 */
export function decideTokenRequest(request: TokenRequest, app: App, book: LoginBook, nowMs: number): Decision {
  const judged = judgeTokenRequest(request, app);
  switch (judged.kind) {
    case 'malformed':
      return { outcome: 'malformed', answer: badRequest(judged.error, judged.description) };
    case 'wrong_credentials':
      return { outcome: 'wrong_credentials', answer: wrongCredentials() };
    case 'refresh':
      if (!app.approved) return notApproved();
      return refresh(judged.secret, app, book, nowMs);
    case 'login':
      if (!app.approved) return notApproved();
      return logIn(judged, app, book, nowMs);
  }
}

function refresh(refreshToken: string, app: App, book: LoginBook, nowMs: number): Decision {
  const refreshed = book.refresh(refreshToken, app.appKey, nowMs);
  switch (refreshed.status) {
    case 'issued':
      return issued(refreshed.tokens);
    case 'expired':
      return { outcome: 'refresh_token_expired', answer: refusedRefreshToken('A', refreshToken) };
    case 'ended':
      return { outcome: 'refresh_token_ended', answer: refusedRefreshToken('B', refreshToken) };
  }
}

function logIn(request: LoginRequest, app: App, book: LoginBook, nowMs: number): Decision {
  const redeemed = book.redeemCode(request.secret, nowMs);
  if (redeemed === 'expired') return { outcome: 'code_expired', answer: refusedCode('expired') };
  if (redeemed === 'bad' || request.redirectUri !== app.callbackUrl) {
    return { outcome: 'code_bad', answer: refusedCode('bad') };
  }
  if (request.wellFormed) return issued(book.logIn(app.appKey, nowMs));
  const body = tokenBodyWithoutRefreshToken(book.issueWithoutLogin(app.appKey, nowMs));
  return { outcome: 'issued_without_refresh_token', answer: jsonAnswer(200, body) };
}

function notApproved(): Decision {
  return { outcome: 'app_not_approved', answer: wrongCredentials() };
}

function issued(tokens: IssuedTokens): Decision {
  return { outcome: 'issued', answer: jsonAnswer(200, tokenBody(tokens)), tokens };
}

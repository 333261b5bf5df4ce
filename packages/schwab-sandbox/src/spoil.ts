import { gzipSync } from 'node:zlib';
import type { Answer } from './answers.ts';
import {
  edgePage,
  jsonAnswer,
  refusedRefreshToken,
  tokenBody,
  tokenBodyWithoutRefreshToken,
  wrongCredentials,
} from './answers.ts';
import type { Fault, ReplacingFault, SpoilingFault } from './faults.ts';
import type { IssuedTokens } from './login-book.ts';

const defaultHugeBytes = 32 * 1024 * 1024;

/** What is done on the connection. `body` of `send` is complete; `cut_off` and `stall` send the first half of theirs. */
export type Delivery =
  | { how: 'send'; status: number; headers: Record<string, string>; body: Uint8Array; delayMs: number }
  | { how: 'cut_off' | 'stall'; status: number; headers: Record<string, string>; body: Uint8Array }
  | { how: 'pad'; status: number; headers: Record<string, string>; opening: string; totalBytes: number }
  | { how: 'hang' }
  | { how: 'reset' };

export function deliver(answer: Answer, delayMs = 0): Delivery {
  return { how: 'send', status: answer.status, headers: answer.headers, body: Buffer.from(answer.body), delayMs };
}

/** Without looking at the grant. */
export function deliverInstead(fault: ReplacingFault, refreshToken: string): Delivery {
  switch (fault.kind) {
    case 'status':
      return deliver({ status: fault.status, headers: fault.headers ?? {}, body: fault.body ?? '' });
    case 'html':
      return deliver(edgePage(fault.status));
    case 'empty':
      return deliver({ status: fault.status, headers: {}, body: '' });
    case 'not_json':
      return deliver({ ...jsonAnswer(200, ''), body: 'access_token=not json' });
    case 'unauthorized':
      return deliver(wrongCredentials());
    case 'refuse':
      return deliver(refusedRefreshToken(fault.form, refreshToken));
    case 'hang':
    case 'reset':
      return { how: fault.kind };
  }
}

/** The delivery of an answer that a fault spoils; `tokens` are what it issued, if anything. */
export function spoil(answer: Answer, tokens: IssuedTokens | undefined, fault: SpoilingFault): Delivery {
  const { status, headers } = answer;
  switch (fault.kind) {
    case 'cut_off':
    case 'stall':
      return { how: fault.kind, status, headers, body: Buffer.from(answer.body) };
    case 'delay':
      return deliver(answer, fault.ms);
    case 'gzip':
      return {
        how: 'send',
        status,
        headers: { ...headers, 'Content-Encoding': 'gzip' },
        body: gzipSync(answer.body),
        delayMs: 0,
      };
    case 'huge':
      return {
        how: 'pad',
        status,
        headers,
        opening: `${answer.body.slice(0, -1)},"padding":"`,
        totalBytes: fault.bytes ?? defaultHugeBytes,
      };
    case 'wrong_types':
      return deliver(
        jsonAnswer(200, {
          expires_in: {},
          token_type: 1,
          scope: [],
          refresh_token: false,
          access_token: 12345,
          id_token: 0,
        }),
      );
    case 'expires_in_string':
      return deliver(
        tokens === undefined ? answer : jsonAnswer(200, { ...tokenBody(tokens), expires_in: String(tokens.expiresIn) }),
      );
    case 'no_refresh_token':
      return deliver(tokens === undefined ? answer : jsonAnswer(200, tokenBodyWithoutRefreshToken(tokens)));
  }
}

/** Whether the grant is done before this fault shows. */
export function isSpoiling(fault: Fault): fault is SpoilingFault {
  switch (fault.kind) {
    case 'cut_off':
    case 'stall':
    case 'delay':
    case 'gzip':
    case 'huge':
    case 'expires_in_string':
    case 'wrong_types':
    case 'no_refresh_token':
      return true;
    case 'status':
    case 'html':
    case 'empty':
    case 'not_json':
    case 'unauthorized':
    case 'refuse':
    case 'hang':
    case 'reset':
      return false;
  }
}

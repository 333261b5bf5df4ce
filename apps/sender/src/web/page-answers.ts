/** Sends the page's answers, with the header fields that all of them have. */
import { LastAnswers } from '@token-relay/daemon';
import type { ServerResponse } from 'node:http';
import { renderRefusal } from './refusal-page.ts';

/**
 * `same-origin` and not `no-referrer`: with that, browsers send `Origin: null` with a form (Fetch standard, "append a
 * request Origin header"), and nothing would tell our own page from another's. The links to outside say `noreferrer`.
 */
const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
} as const;

export class PageAnswers {
  /** What did not come from the page, or was not understood, is not listened to any further. */
  readonly last: LastAnswers = new LastAnswers();

  /** A small page that says why something is not done. */
  refuse(response: ServerResponse, status: number, reason: string): void {
    this.send(response, status, 'text/html; charset=utf-8', renderRefusal(reason));
  }

  /** Does nothing if there is an answer already, or nobody to answer. */
  send(response: ServerResponse, status: number, type: string, body: string): void {
    if (response.headersSent || response.destroyed) return;
    this.last.giving(response, status >= 400);
    response.writeHead(status, { ...HEADERS, 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
    response.end(body);
  }

  /** The head of the live events, which have no end: what comes after the request is not answered, least of all in their midst. */
  beginEvents(response: ServerResponse): void {
    this.last.giving(response, true);
    response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/event-stream' });
  }

  /** Back to the page, from a form of it. */
  sendBack(response: ServerResponse): void {
    response.writeHead(303, { ...HEADERS, Location: '/#login-title' }).end();
  }
}

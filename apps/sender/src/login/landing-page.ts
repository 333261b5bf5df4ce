/** The page that the browser lands on after the login. Pure. It holds neither a code nor a token, and no outside resource. */
import { createHash } from 'node:crypto';

export type LandingView =
  | {
      readonly kind: 'logged_in';
      /** when the 7 days are over, epoch milliseconds */
      readonly endsAtMs: number;
      /** what went wrong all the same, in words */
      readonly problem?: string;
    }
  /** The login is over, without success. */
  | { readonly kind: 'failed'; readonly message: string }
  /** This was not the redirect that the login waits for; it goes on waiting. */
  | { readonly kind: 'not_taken'; readonly message: string }
  | { readonly kind: 'not_found' };

export interface LandingPage {
  readonly status: number;
  readonly html: string;
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1c2430;--paper:#f6f5f2;--card:#fff;--line:#d9d6cf;--good:#1d6b45;--bad:#a3301c;--soft:#5a6372}
@media (prefers-color-scheme:dark){:root{--ink:#e8e6e1;--paper:#15181d;--card:#1e2329;--line:#353c45;--good:#7fd1a5;--bad:#ff9d87;--soft:#a7afba}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.25rem;background:var(--paper);color:var(--ink);font:1.0625rem/1.55 system-ui,sans-serif}
main{width:100%;max-width:32rem;background:var(--card);border:1px solid var(--line);border-radius:14px;padding:clamp(1.25rem,6vw,2.5rem)}
h1{margin:0 0 .75rem;font-size:1.5rem;line-height:1.25;text-wrap:balance}
h1::before{content:"";display:block;width:2.5rem;height:.3rem;border-radius:1rem;margin-bottom:1.1rem;background:var(--mark)}
.good{--mark:var(--good)}.bad{--mark:var(--bad)}
p{margin:.75rem 0 0;overflow-wrap:anywhere}
.next{color:var(--soft)}
`;

/** For the Content-Security-Policy: this style, and nothing else at all. */
export const LANDING_CSP: string = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function landingPage(view: LandingView): LandingPage {
  switch (view.kind) {
    case 'logged_in':
      return page(200, view.problem === undefined ? 'good' : 'bad', 'You are logged in', [
        `<p>Until ${time(view.endsAtMs)}. You are told before it ends.</p>`,
        ...(view.problem === undefined ? [] : [`<p role="alert">${escape(sentence(view.problem))}</p>`]),
        '<p class="next">You can close this window.</p>',
      ]);
    case 'failed':
      return page(200, 'bad', 'The login did not work', [
        `<p role="alert">${escape(sentence(view.message))}</p>`,
        '<p class="next">The earlier login, if there was one, is left as it was. You can close this window.</p>',
      ]);
    case 'not_taken':
      return page(400, 'bad', 'This is not the login that is waited for', [
        `<p role="alert">${escape(sentence(view.message))}</p>`,
        '<p class="next">The login still waits: go on in the window where you began.</p>',
      ]);
    case 'not_found':
      return page(404, 'bad', 'There is nothing here', [
        '<p class="next">This address is only for the way back from a login at Schwab.</p>',
      ]);
  }
}

function page(status: number, mood: 'good' | 'bad', title: string, content: readonly string[]): LandingPage {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title} – token-refresh-sender</title>
<style>${STYLE}</style>
</head>
<body>
<main class="${mood}">
<h1>${title}</h1>
${content.join('\n')}
</main>
</body>
</html>
`;
  return { status, html };
}

/** In words and in this machine's zone, which is named: the browser may be told the page by another one. */
function time(ms: number): string {
  const date = new Date(ms);
  const text = date.toLocaleString('en-GB', {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  });
  return `<time datetime="${date.toISOString()}">${escape(text)}</time>`;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

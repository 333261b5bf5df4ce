/** The part of the page that logs in: a button, then the way to Schwab's page and a field for the address it ends at. Pure. */
import type { LoginView } from '../login/login-service.ts';
import { markup, type Html } from './html.ts';
import { countdown } from './moments.ts';
import { sentence } from './words.ts';

export interface LoginPanel {
  readonly login: LoginView;
  /** Whether a login is wanted now; otherwise the button keeps in the background. */
  readonly isDue: boolean;
  /** What to know before a login is begun. */
  readonly caution?: string | undefined;
  readonly csrfToken: string;
  /** Why the last thing that was asked for here was not done. */
  readonly problem: string | undefined;
  readonly nowMs: number;
}

export function loginPanel(panel: LoginPanel): Html {
  return markup`<section class="panel" aria-labelledby="login-title">
<h2 id="login-title" tabindex="-1">${panel.login.kind === 'waiting' ? 'Log in, in three steps' : 'New login'}</h2>
${content(panel)}
</section>`;
}

function content(panel: LoginPanel): Html {
  const { login, problem } = panel;
  switch (login.kind) {
    case 'idle':
      return withStart(panel, 'Log in', markup`${problemText(problem)}<p>${INTRODUCTION}</p>`);
    case 'done':
      return withStart(
        panel,
        'Log in again',
        markup`<p class="said good">${sentence(login.message)}</p>${problemText(problem ?? login.problem)}`,
      );
    case 'failed':
      return login.code === 'cancelled'
        ? withStart(panel, 'Log in', markup`${problemText(problem)}<p>${sentence(login.message)} ${INTRODUCTION}</p>`)
        : withStart(panel, 'Try again', markup`${problemText(problem ?? login.message)}<p>${UNTOUCHED}</p>`);
    case 'exchanging':
      return markup`<p>Schwab has sent you back. The new tokens are being fetched and saved.</p>
<p><button type="button" disabled>A login is under way</button></p>`;
    case 'waiting':
      return steps(panel, login);
  }
}

const INTRODUCTION = 'Starts a login at Schwab. The present login stays in use until the new one is saved.';
const UNTOUCHED = 'The login before, if there was one, is left as it was.';

function withStart({ csrfToken, isDue, caution }: LoginPanel, label: string, text: Html): Html {
  const beware = caution === undefined ? undefined : markup`<p class="said bad" id="login-caution">${caution}</p>`;
  return markup`<div class="start"><div>${beware}${text}</div>
<form id="login-start" method="post" action="/login">${csrfField(csrfToken)}<button id="login-button" class="${isDue ? 'primary' : 'quiet'}">${label}</button></form></div>`;
}

function steps(panel: LoginPanel, login: LoginView & { kind: 'waiting' | 'exchanging' }): Html {
  const { csrfToken, problem, nowMs } = panel;
  return markup`<ol class="steps">
<li><p>${authorizeLink(login.authorizeUrl)}</p>
<p class="hint">Opens in a new tab. Time for all three steps: ${countdown(login.expiresAtMs, nowMs)}.</p></li>
<li><p>Log in there, accept, and choose your accounts. ${wayBack(login)}</p></li>
<li><form id="login-paste" method="post" action="/login/paste" autocomplete="off">${csrfField(csrfToken)}
<label for="login-url">${login.listening === undefined ? undefined : 'No page there, or another machine’s browser? '}Copy the whole address that it ended at, and paste it here within 30 seconds:</label>
${problem === undefined ? undefined : markup`<p class="said bad" id="login-problem" role="alert">${sentence(problem)}</p>`}
<div class="field"><input id="login-url" name="url" type="text" inputmode="url" required maxlength="4096" autocomplete="off" autocapitalize="none" spellcheck="false"${problem === undefined ? undefined : markup` aria-invalid="true" aria-describedby="login-problem"`}><button id="paste-button">Finish</button></div>
</form></li>
</ol>
<div class="under-way"><button type="button" disabled>A login is under way</button>
<form id="login-cancel" method="post" action="/login/cancel">${csrfField(csrfToken)}<button id="cancel-button" class="quiet">Cancel it</button></form></div>`;
}

function wayBack({ listening, notListening }: LoginView & { kind: 'waiting' | 'exchanging' }): Html {
  return listening === undefined
    ? markup`The browser then ends at a page that it cannot show: that is right.${notListening === undefined ? undefined : ` (${sentence(notListening)})`}`
    : markup`The browser then comes back to <code>${listening}</code>. If it warns of the certificate, that is this sender&rsquo;s own: go on.`;
}

function authorizeLink(address: string): Html {
  const scheme = URL.canParse(address) ? new URL(address).protocol : undefined;
  if (scheme !== 'https:' && scheme !== 'http:') return markup`<code>${address}</code>`;
  return markup`<a class="button" id="authorize-link" href="${address}" target="_blank" rel="noopener noreferrer">Open Schwab&rsquo;s login page</a>`;
}

function problemText(problem: string | undefined): Html | undefined {
  return problem === undefined ? undefined : markup`<p class="said bad" role="alert">${sentence(problem)}</p>`;
}

/** A page of another site cannot know it, so it cannot press the buttons. */
function csrfField(csrfToken: string): Html {
  return markup`<input type="hidden" name="csrf" value="${csrfToken}">`;
}

import type { Answer } from './answers.ts';
import type { LoginFlow, LoginStep } from './login-flows.ts';
import { loginSteps } from './login-flows.ts';
import { escapeHtml, pageAnswer } from './page-shell.ts';

const accounts = [
  { id: 'individual', name: 'Individual brokerage, ending in 123' },
  { id: 'roth', name: 'Roth IRA, ending in 456' },
  { id: 'joint', name: 'Joint tenant, ending in 789' },
];

type Page = { title: string; fields: string; go: string; leave: string };

/** The page of a step; with a `problem`, what has to be done before the flow goes on (then a 422). */
export function loginPage(step: LoginStep, flow: LoginFlow, callbackUrl: string, problem?: string): Answer {
  const { title, fields, go, leave } = pageOf(step, callbackUrl, problem !== undefined);
  const said = problem === undefined ? '' : `<p class="problem" role="alert">${escapeHtml(problem)}</p>\n`;
  const form = `<p class="aside">Step ${loginSteps.indexOf(step) + 1} of ${loginSteps.length}</p>
<h1>${escapeHtml(title)}</h1>
${said}<form method="post" action="/v1/oauth/${step}">
<input type="hidden" name="flow" value="${escapeHtml(flow.id)}">
${fields}
<div class="buttons">
<button class="main" type="submit">${go}</button>
<button type="submit" name="choice" value="deny" formnovalidate>${leave}</button>
</div>
</form>`;
  return pageAnswer(problem === undefined ? 200 : 422, problem === undefined ? title : `Error: ${title}`, form);
}

function pageOf(step: LoginStep, callbackUrl: string, again: boolean): Page {
  const invalid = again ? ' aria-invalid="true"' : '';
  const checked = again ? '' : ' checked';
  switch (step) {
    case 'sign-in':
      return {
        title: 'Log in',
        fields: `<p>Any Login ID and any password will do: they are not checked and not kept.</p>
<label class="field">Login ID <input name="login_id" autocomplete="off" autocapitalize="none" spellcheck="false" required${invalid}></label>
<label class="field">Password <input name="password" type="password" autocomplete="off" required${invalid}></label>`,
        go: 'Log in',
        leave: 'Cancel',
      };
    case 'consent':
      return {
        title: 'Allow the app to use your accounts?',
        fields: `<div class="terms" tabindex="0" role="region" aria-label="Terms">
<p>The app asks for access to your account information and for permission to trade in your name.</p>
<p>Its access ends 7 days from now, and it will then ask you to log in again. You can end it earlier at any time.</p>
<p>These terms are made up. At Schwab, read them.</p>
</div>
<label class="choice"><input type="checkbox" name="terms" value="accepted" required${invalid}> I have read the terms and accept them</label>`,
        go: 'Continue',
        leave: 'Deny',
      };
    case 'accounts':
      return {
        title: 'Which accounts?',
        fields: `<fieldset>
<legend>Accounts that the app may use</legend>
${accounts.map(({ id, name }) => `<label class="choice"><input type="checkbox" name="account" value="${id}"${checked}> ${name}</label>`).join('\n')}
</fieldset>`,
        go: 'Continue',
        leave: 'Cancel',
      };
    case 'done':
      return {
        title: 'You are almost there',
        fields: `<p>The app is allowed to use your accounts. Done sends you back to it, at <strong>${escapeHtml(callbackUrl)}</strong>.</p>
<p>If your browser then warns that the connection is not private or that it cannot reach the site, the app's instructions say what to do.</p>`,
        go: 'Done',
        leave: 'Cancel',
      };
  }
}

/** What has to be done on this page first, if anything. What was typed is not looked at further. */
export function problemOf(step: LoginStep, form: URLSearchParams): string | undefined {
  switch (step) {
    case 'sign-in':
      return (form.get('login_id') ?? '') === '' || (form.get('password') ?? '') === ''
        ? 'Enter a Login ID and a password. Anything will do.'
        : undefined;
    case 'consent':
      return form.has('terms') ? undefined : 'Tick the box to accept the terms, or choose Deny.';
    case 'accounts':
      return form.has('account') ? undefined : 'Select at least one account, or choose Cancel.';
    case 'done':
      return undefined;
  }
}

/** As Schwab has it, with the reason beneath, which Schwab does not give. */
export function loginErrorPage(status: number, reason: string): Answer {
  return pageAnswer(
    status,
    'We are unable to complete your request',
    `<h1>We are unable to complete your request</h1>
<p>Please contact customer service for further assistance.</p>
<p class="aside"><strong>The sandbox's reason:</strong> ${escapeHtml(reason)}</p>`,
  );
}

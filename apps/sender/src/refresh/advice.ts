/** What to do now, in words, for each state that needs a person. */
import type { LoginState } from './login-state.ts';

export interface AdviceContext {
  readonly tokenFile: string;
  readonly appConfigFile: string;
}

/** Nothing for the states that end by themselves. */
export function adviceFor(state: LoginState['kind'], { tokenFile, appConfigFile }: AdviceContext): string | undefined {
  switch (state) {
    case 'login_required':
      return `Log in again with: token-refresh-sender login (or put a newer token file at ${tokenFile}; it is taken over at once).`;
    case 'misconfigured':
      return `Compare app_key and app_secret in ${appConfigFile} with your app at developer.schwab.com; a corrected file is read at once.`;
    case 'healthy':
    case 'waiting':
    case 'retrying':
    case 'confirming':
      return undefined;
  }
}

import { ConfigurationError } from '@token-relay/daemon';

/** V8's own flag (v8.dev/blog/non-backtracking-regexp). */
const LINEAR_TIME = 'l';

/**
 * `token_pattern` as a regular expression that takes linear time, whatever is sent: V8's own engine for that, which knows no
 * back references and no large counts. With the usual one a pattern such as `^(a+)+$` and a token of 40 characters would
 * stop the daemon.
 */
export async function tokenPattern(text: string): Promise<RegExp> {
  const { setFlagsFromString } = await import('node:v8');
  setFlagsFromString('--enable-experimental-regexp-engine');
  try {
    return new RegExp(text, LINEAR_TIME);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : 'invalid';
    throw new ConfigurationError(
      'config_invalid',
      `token_pattern cannot be used: ${reason}. Write it as '^I0[.].+@$', in single quotes, without back references and large counts.`,
    );
  }
}

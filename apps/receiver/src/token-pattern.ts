import { ConfigurationError } from '@token-relay/daemon';

/** `token_pattern` as a regular expression. Tokens of at most `max_token_size` are matched with it, for each message. */
export function tokenPattern(text: string): RegExp {
  try {
    return new RegExp(text, 'u');
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : 'invalid';
    throw new ConfigurationError(
      'config_invalid',
      `token_pattern is not a regular expression: ${reason}. Write it as '^I0[.].+@$', in single quotes.`,
    );
  }
}

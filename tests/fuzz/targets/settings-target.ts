/** What the settings targets have in common: a file or a command line through the real load path. */
import { ConfigurationError } from '@token-relay/daemon';
import { demandNoSecret } from '../secrets.ts';
import { demand } from '../target.ts';

/** No message is longer: it stands in a log, and in a terminal. */
const MAX_MESSAGE = 8_300;

// eslint-disable-next-line no-control-regex -- what would steer a terminal
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** What was loaded, or the ConfigurationError that says why not; everything else is a crash. */
export async function loaded<T>(load: () => Promise<T>): Promise<T | ConfigurationError> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    demand(error.message.length <= MAX_MESSAGE, 'bounds', `a message of ${error.message.length} characters`);
    demand(!CONTROL.test(error.message), 'bounds', `a message of more than one line: ${error.message}`);
    return error;
  }
}

/** The place that a message names is one that the file has. */
export function demandPlace({ line }: ConfigurationError, text: string): void {
  demand(
    line === undefined || (line >= 1 && line <= text.split(/\r\n|\r|\n/).length + 1),
    'bounds',
    `the error names line ${line ?? 0}`,
  );
}

/** Numbers that are none would be waited for, or listened on. */
export function demandNumbers(values: object): void {
  for (const [name, value] of Object.entries(values)) {
    demand(
      typeof value !== 'number' || (Number.isFinite(value) && value >= 0),
      'bounds',
      `${name} is ${String(value)}`,
    );
  }
}

/**
 * What stands where a secret would is not repeated. Names of settings, anchors and targets, and paths are: so the secret is looked for
 * only if it is the value of one of these names, and nowhere else in the file.
 */
export function demandNoSecretValue(error: ConfigurationError, text: string): void {
  const elsewhere = text.replaceAll(/^(app_secret|app_key|access_token|refresh_token): .*$/gm, '');
  if (!elsewhere.includes('Zq9')) demandNoSecret(error, 'the error');
}

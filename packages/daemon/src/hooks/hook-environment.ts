/** What a hook is told. */
export type HookVariables = Readonly<Record<`TOKEN_RELAY_${string}`, string>>;

/** Of the daemon's own environment, only these: it may hold credentials. */
const PASSED_ON = ['PATH', 'HOME', 'LANG'];
const USUAL_PATH = '/usr/local/bin:/usr/bin:/bin';

/** The whole environment of a hook. Pure. */
export function hookEnvironment(
  own: Readonly<Record<string, string | undefined>>,
  event: string,
  variables: HookVariables,
): Record<string, string> {
  const environment: Record<string, string> = { PATH: USUAL_PATH };
  for (const name of PASSED_ON) {
    const value = own[name];
    if (value !== undefined && value !== '') environment[name] = value;
  }
  return { ...environment, ...variables, TOKEN_RELAY_EVENT: event };
}

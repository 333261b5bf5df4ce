/** What `check` makes of something that does not work. Pure. */
import { ConfigurationError, ExitCode } from '@token-relay/daemon';
import { TokenError } from '@token-relay/tokens';
import { AppSecretMissing } from '../app-config.ts';
import { ClusterCredentialMissing } from '../cluster/cluster-files.ts';
import { LoginError } from '../login/login-error.ts';

export type Finding =
  | { readonly kind: 'warning'; readonly message: string }
  | { readonly kind: 'problem'; readonly message: string; readonly exitCode: ExitCode };

/**
 * @param isSecretOutOfSight whether these are the service's settings, and its credentials are not seen here
 * @returns undefined for what is no finding, but a fault of ours
 */
export function findingOf(error: unknown, isSecretOutOfSight: boolean): Finding | undefined {
  if ((error instanceof AppSecretMissing || error instanceof ClusterCredentialMissing) && isSecretOutOfSight) {
    return {
      kind: 'warning',
      message: `${error.message} Or the service has it as its credential, which is not seen here.`,
    };
  }
  if (error instanceof ConfigurationError || error instanceof LoginError) {
    return { kind: 'problem', message: error.message, exitCode: ExitCode.configuration };
  }
  if (!(error instanceof TokenError)) return undefined;
  const exitCode = error.code === 'token_not_found' ? ExitCode.loginRequired : ExitCode.configuration;
  return { kind: 'problem', message: error.message, exitCode };
}

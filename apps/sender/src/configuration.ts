/** All that is read from files at the start, and again on a reload. */
import { readAppConfig, type AppConfig } from './app-config.ts';
import { readTargetCertificates, type TargetCertificates } from './delivery/target-tls.ts';
import type { SenderSettings } from './settings.ts';

export interface Configuration {
  readonly settings: SenderSettings;
  readonly appConfig: AppConfig;
  readonly certificates: TargetCertificates;
}

/**
 * @param credentialsFolder systemd's `$CREDENTIALS_DIRECTORY`
 * @throws ConfigurationError that names the file
 */
export async function readConfiguration(
  settings: SenderSettings,
  credentialsFolder: string | undefined,
): Promise<Configuration> {
  const appConfig = await readAppConfig(settings.appConfig, credentialsFolder);
  return { settings, appConfig, certificates: await readTargetCertificates(settings.targets, credentialsFolder) };
}

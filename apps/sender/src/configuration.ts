/** All that is read from files at the start, and again on a reload. */
import { readAppConfig, type AppConfig } from './app-config.ts';
import { readClusterFiles, type ClusterFiles } from './cluster/cluster-files.ts';
import { readTargetCertificates, type TargetCertificates } from './delivery/target-tls.ts';
import type { SenderSettings } from './settings.ts';

export interface Configuration {
  readonly settings: SenderSettings;
  readonly appConfig: AppConfig;
  readonly certificates: TargetCertificates;
  /** where there is a cluster */
  readonly clusterFiles?: ClusterFiles | undefined;
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
  const { cluster, targets } = settings;
  return {
    settings,
    appConfig,
    certificates: await readTargetCertificates(targets, credentialsFolder),
    clusterFiles: cluster === undefined ? undefined : await readClusterFiles(cluster, credentialsFolder),
  };
}

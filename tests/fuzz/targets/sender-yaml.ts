import { loadSenderSettings, senderDefinitions } from '../../../apps/sender/src/settings.ts';
import type { FuzzTarget } from '../target.ts';
import { settingsFile } from './settings-file.ts';

export const senderYaml: FuzzTarget = settingsFile('sender.yaml', senderDefinitions, loadSenderSettings);

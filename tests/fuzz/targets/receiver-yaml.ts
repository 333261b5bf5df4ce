import { loadReceiverSettings, receiverDefinitions } from '../../../apps/receiver/src/settings.ts';
import type { FuzzTarget } from '../target.ts';
import { settingsFile } from './settings-file.ts';

export const receiverYaml: FuzzTarget = settingsFile('receiver.yaml', receiverDefinitions, loadReceiverSettings);

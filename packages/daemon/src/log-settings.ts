import { choiceSetting, integerSetting, sizeSetting, textSetting } from './settings/kinds.ts';
import type { Setting } from './settings/setting.ts';
import type { LogLevel } from './log-format.ts';

export interface LogSettingDefinitions {
  readonly logLevel: Setting<LogLevel>;
  readonly logFormat: Setting<'text' | 'json'>;
  readonly logFile: Setting<string>;
  readonly logMaxSize: Setting<number>;
  readonly logKeep: Setting<number>;
}

/** The settings of the log, the same for both daemons. `log_file: none` turns the file off. */
export function logSettings({ defaultFile }: { defaultFile: string }): LogSettingDefinitions {
  return {
    logLevel: choiceSetting({
      choices: ['debug', 'info', 'warn', 'error'],
      default: 'info',
      description: 'the least that is logged',
    }),
    logFormat: choiceSetting({ choices: ['text', 'json'], default: 'text', description: 'a line for people, or JSON' }),
    logFile: textSetting({
      default: defaultFile,
      description: 'the rolled log file, beside the console; none: no file. Under systemd, only if it is given',
    }),
    logMaxSize: sizeSetting({ default: '10m', description: 'the size at which the log file is rolled' }),
    logKeep: integerSetting({ default: 5, min: 1, max: 1000, description: 'how many log files stay' }),
  };
}

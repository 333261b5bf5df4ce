import { expect, test } from 'vitest';
import { needingRestart } from './settings-reload.ts';
import type { SenderSettings } from './settings.ts';

const running: SenderSettings = {
  appConfig: '/a/app.yaml',
  tokenFile: '/a/tokens.json',
  tokenUrl: 'https://schwab.example/token',
  authorizeUrl: 'https://schwab.example/authorize',
  refreshInterval: 1_500_000,
  httpTimeout: 30_000,
  socketRetries: 3,
  socketRetryDelay: 5_000,
  controlSocketPath: '/a/control.sock',
  webPort: undefined,
  metricsPort: undefined,
  statsd: undefined,
  hooks: new Map(),
  tokenFileEncryption: false,
  tokenFileKey: undefined,
  logLevel: 'info',
  logFormat: 'text',
  logFile: '/a/sender.log',
  logMaxSize: 10_000,
  logKeep: 5,
  targets: [],
  logFileIsDefault: true,
  isService: false,
  configFile: undefined,
  warnings: [],
};

test('what was opened or read at the start needs a restart, and is named as it is written', () => {
  const changed = {
    tokenFile: '/b',
    controlSocketPath: '/b',
    webPort: 8_180,
    metricsPort: 9_461,
    statsd: { host: '127.0.0.1', port: 8_125 },
    tokenFileEncryption: true,
    tokenFileKey: '/b',
    logFormat: 'json',
    logFile: '/b',
    logMaxSize: 1,
    logKeep: 1,
  } as const;
  expect(needingRestart(running, { ...running, ...changed })).toEqual([
    'token_file',
    'control_socket_path',
    'web_port',
    'metrics_port',
    'statsd',
    'token_file_encryption',
    'token_file_key',
    'log_format',
    'log_file',
    'log_max_size',
    'log_keep',
  ]);
  expect(needingRestart(running, { ...running, webPort: 8_180 })).toEqual(['web_port']);
});

test('what is used at once is not named, and neither is what stays the same', () => {
  const changed = {
    appConfig: '/b',
    tokenUrl: 'https://b.example/',
    authorizeUrl: 'https://b.example/',
    refreshInterval: 1,
    httpTimeout: 1,
    socketRetries: 1,
    socketRetryDelay: 1,
    hooks: new Map(),
    logLevel: 'debug',
    targets: [],
    warnings: ['made-up'],
  } as const;
  expect(needingRestart(running, { ...running, ...changed })).toEqual([]);
  const statsd = () => ({ statsd: { host: '127.0.0.1', port: 8_125 } });
  expect(needingRestart({ ...running, ...statsd() }, { ...running, ...statsd() })).toEqual([]);
});

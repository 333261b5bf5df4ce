/**
 * `npm start`: the pair, running. Against Schwab when configs/schwab_app_config.yaml is there, otherwise (or with
 * `npm start -- --sandbox`) against the sandbox with tokens that live for seconds, so that a newcomer watches the whole thing work at once.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const APP_CONFIG = 'configs/schwab_app_config.yaml';
const DEMO_TOKEN_SECONDS = 12;
const STOP_LIMIT_MS = 40_000; // longer than the HTTP timeout: a refresh once sent is not abandoned

const children = new Set<ChildProcess>();
let stopping = false;
let exitCode = 0;

function run(name: string, command: string, args: readonly string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => console.log(`${name.padEnd(8)} | ${line}`));
  }
  child.once('exit', (code, signal) => {
    children.delete(child);
    if (!stopping) {
      console.log(`${name.padEnd(8)} | ended by itself (${signal ?? `exit code ${code ?? 0}`}); stopping the others`);
      exitCode = code ?? 1;
      stop();
    }
  });
  return child;
}

function stop(): void {
  if (stopping) return;
  stopping = true;
  for (const child of children) child.kill('SIGTERM');
  setTimeout(() => {
    for (const child of children) child.kill('SIGKILL');
  }, STOP_LIMIT_MS).unref();
}

async function startSandbox(folder: string): Promise<readonly string[]> {
  const tokenFile = join(folder, 'schwab_tokens.json');
  const appConfig = join(folder, 'schwab_app_config.yaml');
  const credentials = { key: 'sandbox-app-key-of-32-characters', secret: 'sandbox-secret16' };
  writeFileSync(
    appConfig,
    `app_name: demo\napp_key: ${credentials.key}\napp_secret: ${credentials.secret}\ncallback_url: https://127.0.0.1:8182\n`,
    { mode: 0o600 },
  );
  const sandbox = run('sandbox', process.execPath, [
    'packages/schwab-sandbox/src/main.ts',
    `--app-key=${credentials.key}`,
    `--app-secret=${credentials.secret}`,
    `--access-token-seconds=${DEMO_TOKEN_SECONDS}`,
    `--token-file=${tokenFile}`,
  ]);
  const url = await new Promise<string>((resolve) => {
    sandbox.stdout?.on('data', (chunk: Buffer) => {
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(chunk.toString());
      if (found) resolve(found[0]);
    });
  });
  return [
    `--app-config=${appConfig}`,
    `--token-file=${tokenFile}`,
    `--token-url=${url}/v1/oauth/token`,
    `--authorize-url=${url}/v1/oauth/authorize`,
  ];
}

process.on('SIGINT', stop);
process.on('SIGTERM', stop);

const asked = process.argv.includes('--sandbox');
const demo = asked || !existsSync(APP_CONFIG);
const folder = demo ? mkdtempSync(join(tmpdir(), 'token-relay-demo-')) : undefined;
console.log(
  demo
    ? `${asked ? 'As asked' : `No ${APP_CONFIG}`}: running against the sandbox, a stand-in for Schwab; its made-up tokens live ${DEMO_TOKEN_SECONDS} seconds. Ctrl+C stops.`
    : `Running against Schwab with ${APP_CONFIG}. Ctrl+C stops.`,
);
console.log(
  'In another terminal: npx token-receiver token · npx token-receiver status · npx token-refresh-sender status',
);
const senderArguments = folder === undefined ? [] : await startSandbox(folder);
run('receiver', 'apps/receiver/bin/token-receiver', ['run']);
run('sender', 'apps/sender/bin/token-refresh-sender', ['run', ...senderArguments]);
process.on('exit', () => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  process.exitCode = exitCode;
});

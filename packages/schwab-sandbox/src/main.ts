#!/usr/bin/env node
import { readFile, writeFile } from 'node:fs/promises';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import * as z from 'zod/mini';
import { SandboxError } from './errors.ts';
import type { Sandbox } from './sandbox.ts';
import { startSandbox } from './sandbox.ts';

const flags = z.object({
  port: z.number(),
  tls: z._default(z.boolean(), false),
  accessTokenSeconds: z.exactOptional(z.number()),
  refreshTokenSeconds: z.exactOptional(z.number()),
  appKey: z.exactOptional(z.string()),
  appSecret: z.exactOptional(z.string()),
  callbackUrl: z.exactOptional(z.string()),
  rotate: z._default(z.boolean(), false),
  autoApprove: z._default(z.boolean(), false),
  tokenFile: z.exactOptional(z.string()),
  caFile: z.exactOptional(z.string()),
  exitWithStdin: z._default(z.boolean(), false),
});

type Flags = z.infer<typeof flags>;

const exitCodes = { failed: 1, usage: 2 };

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

function parseFlags(argv: readonly string[]): Flags {
  const command = new Command('token-sandbox')
    .description("A stand-in for Schwab's OAuth server, on this machine only. Give it made-up credentials.")
    .option('--port <number>', 'where to listen on 127.0.0.1; 0 is a free port', wholeNumber, 0)
    .option('--tls', 'https, with a certificate made at start')
    .option('--access-token-seconds <seconds>', 'lifetime of an access token (default: 1800)', wholeNumber)
    .option('--refresh-token-seconds <seconds>', 'lifetime of a login (default: 604800)', wholeNumber)
    .option('--app-key <key>', 'the app key that it takes')
    .option('--app-secret <secret>', 'the app secret that it takes')
    .option('--callback-url <url>', 'the registered callback (default: https://127.0.0.1:8182)')
    .option('--auto-approve', 'the authorize URL redirects at once, without its pages')
    .option('--rotate', 'each refresh brings a new refresh token')
    .option('--token-file <path>', 'write a first login there, or go on with the one that is there')
    .option('--ca-file <path>', 'with --tls: write the certificate there, for clients to trust')
    .option('--exit-with-stdin', 'stop when standard input ends')
    .allowExcessArguments(false)
    .exitOverride();
  command.parse(argv);
  const given = flags.parse(command.opts());
  if (given.caFile !== undefined && !given.tls) command.error('error: --ca-file needs --tls');
  return given;
}

function start(given: Flags): Promise<Sandbox> {
  const { port, tls, rotate, autoApprove, accessTokenSeconds, refreshTokenSeconds, appKey, appSecret, callbackUrl } =
    given;
  return startSandbox({
    port,
    tls,
    rotateRefreshToken: rotate,
    autoApprove,
    ...(accessTokenSeconds === undefined ? {} : { accessTokenSeconds }),
    ...(refreshTokenSeconds === undefined ? {} : { refreshTokenSeconds }),
    ...(appKey === undefined ? {} : { appKey }),
    ...(appSecret === undefined ? {} : { appSecret }),
    ...(callbackUrl === undefined ? {} : { callbackUrl }),
  });
}

async function prepareTokenFile(sandbox: Sandbox, path: string): Promise<void> {
  sandbox.logIn();
  try {
    await writeFile(path, sandbox.tokenFileText(), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
    try {
      sandbox.adoptLogin(await readFile(path, 'utf8'));
    } catch (unusable) {
      if (!(unusable instanceof SandboxError) && !isErrno(unusable)) throw unusable;
      process.stderr.write(
        `token-sandbox: ${path} is left as it is, and holds no login to go on with: ${unusable.message}\n`,
      );
    }
  }
}

function isErrno(error: unknown, code?: string): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && (code === undefined || error.code === code);
}

/** Resolves once it was told to stop. */
async function run(given: Flags): Promise<void> {
  const told = Promise.withResolvers<undefined>();
  const stop = (): void => told.resolve(undefined);
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  if (given.exitWithStdin) process.stdin.once('end', stop).once('close', stop).resume();

  await using sandbox = await start(given);
  if (given.tokenFile !== undefined) await prepareTokenFile(sandbox, given.tokenFile);
  if (given.caFile !== undefined && sandbox.caCertificate !== undefined) {
    await writeFile(given.caFile, sandbox.caCertificate);
  }
  process.stdout.write(`Sandbox of Schwab's OAuth: ${sandbox.baseUrl} (token URL ${sandbox.tokenUrl})\n`);
  await told.promise;
}

try {
  await run(parseFlags(process.argv));
  process.exit(0);
} catch (error) {
  if (error instanceof CommanderError) {
    process.exit(error.exitCode === 0 ? 0 : exitCodes.usage);
  }
  if (!(error instanceof SandboxError) && !isErrno(error)) throw error;
  process.stderr.write(`token-sandbox: ${error.message}\n`);
  process.exit(error instanceof SandboxError && error.code === 'bad_option' ? exitCodes.usage : exitCodes.failed);
}

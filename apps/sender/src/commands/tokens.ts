/** `token-refresh-sender tokens export|backup|migrate|clear`: the token file, into other forms and away. */
import { CommandFailure, ExitCode, type Surroundings } from '@token-relay/daemon';
import { exportTokens, formatEnvironment, saveAtomically } from '@token-relay/tokens';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { exists, formatFrom, present, withTokens, type Flags } from './token-command.ts';

/** Writes the tokens for another program. */
export async function exportCommand(surroundings: Surroundings, flags: Flags, target: string): Promise<void> {
  await withTokens(surroundings, flags, async ({ manager, say }) => {
    const tokenSet = await present(manager);
    const path = resolve(surroundings.cwd, target);
    if (flags['as'] === 'env') {
      if (flags['force'] !== true && (await exists(path))) {
        throw new CommandFailure(`${path} exists; to write over it, use --force.`, ExitCode.failed);
      }
      await saveAtomically(path, formatEnvironment(tokenSet));
      say(`Exported to ${path} (variables for a shell, readable by you alone).`);
      return;
    }
    const { lost } = await exportTokens(tokenSet, path, formatFrom(flags['as']), {
      overwrite: flags['force'] === true,
    });
    say(`Exported to ${path} (readable by you alone).`);
    if (lost.length > 0) say(`Not in this form, and so left out: ${lost.join(', ')}.`);
    say('Whoever has this file can act as you until the login ends.');
  });
}

/** Copies the token file, to a file that does not exist yet. */
export async function backupCommand(surroundings: Surroundings, flags: Flags, target: string): Promise<void> {
  await withTokens(surroundings, flags, async ({ manager, say }) => {
    await present(manager);
    const path = resolve(surroundings.cwd, target);
    await manager.backup(path);
    say(`Backed up to ${path} (readable by you alone).`);
  });
}

/** Turns the token file into another form, in place or elsewhere. */
export async function migrateCommand(surroundings: Surroundings, flags: Flags, target: string): Promise<void> {
  await withTokens(surroundings, flags, async ({ manager, say, daemon, settings }) => {
    if (daemon !== undefined)
      throw new CommandFailure('Stop the sender first: it writes the token file too.', ExitCode.failed);
    await present(manager);
    const path = resolve(surroundings.cwd, target);
    const { lost } = await manager.migrate(path, formatFrom(flags['as']));
    say(`Written to ${path}.`);
    if (lost.length > 0) say(`Not in this form, and so left out: ${lost.join(', ')}.`);
    if (path !== settings.tokenFile) say(`To use it, set token_file to ${path}.`);
  });
}

/** Removes the token file, after asking. */
export async function clearCommand(surroundings: Surroundings, flags: Flags): Promise<void> {
  await withTokens(surroundings, flags, async ({ settings, manager, say, daemon }) => {
    if (daemon !== undefined) {
      throw new CommandFailure('Stop the sender first: it would write its tokens again.', ExitCode.failed);
    }
    if (await isMissing(settings.tokenFile)) {
      say(`There is no token file at ${settings.tokenFile}: nothing is changed.`);
      return;
    }
    if (flags['yes'] !== true && !(await isAgreed(surroundings, settings.tokenFile))) {
      throw new CommandFailure('Nothing is changed.', ExitCode.failed);
    }
    await manager.clear();
    say(
      `${settings.tokenFile} is removed. Schwab's own record of the login ends with its 7 days, or with a new login.`,
    );
  });
}

/** A link that leads nowhere is no token file either. */
function isMissing(path: string): Promise<boolean> {
  return stat(path).then(
    () => false,
    (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT',
  );
}

async function isAgreed({ stdin, stdout }: Surroundings, tokenFile: string): Promise<boolean> {
  const input = stdin();
  if (input.isTTY !== true) {
    throw new CommandFailure('There is nobody to ask: use --yes to clear without asking.', ExitCode.usage);
  }
  stdout.write(`Remove ${tokenFile}? The login cannot be used any more after that. Type yes: `);
  const lines = createInterface({ input });
  try {
    for await (const line of lines) return line.trim().toLowerCase() === 'yes';
    return false;
  } finally {
    lines.close();
  }
}

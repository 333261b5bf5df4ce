import { constants, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { errnoOf } from '../errno.ts';
import { ConfigurationError } from '../configuration-error.ts';

const MAX_BYTES = 1024 ** 2;

/**
 * Reads a whole configuration file of at most 1 MiB. `inspect` sees the opened file's mode and owner before it is read.
 * Rejects with ConfigurationError `config_missing`, `config_unreadable` or what `inspect` throws.
 */
export async function readTextFile(file: string, inspect: (stats: Stats) => void = () => undefined): Promise<string> {
  const fail = (problem: string): ConfigurationError => new ConfigurationError('config_unreadable', problem, { file });
  // Non-blocking, so that a pipe nobody writes to cannot hold up the start.
  await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw openProblem(file, errnoOf(error));
  });
  const stats = await handle.stat();
  if (stats.isDirectory()) throw fail('this is a folder, not a file');
  if (!stats.isFile()) throw fail('this is not a regular file');
  if (stats.size > MAX_BYTES) throw fail('the file is larger than 1 MiB; no settings file is. Is it the right one?');
  inspect(stats);
  const bytes = Buffer.alloc(stats.size);
  const { bytesRead } = await handle.read(bytes, 0, stats.size, 0);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, bytesRead));
  } catch {
    throw new ConfigurationError('config_invalid', 'the file is not UTF-8 text', { file });
  }
}

function openProblem(file: string, errno: string | undefined): ConfigurationError {
  switch (errno) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new ConfigurationError('config_missing', 'there is no such file', { file });
    case 'EACCES':
    case 'EPERM':
      return new ConfigurationError('config_unreadable', 'permission denied; give this user the right to read it', {
        file,
      });
    case undefined:
    default:
      return new ConfigurationError('config_unreadable', `cannot be opened (${errno ?? 'unknown error'})`, { file });
  }
}

import { dirname } from 'node:path';
import { TokenError, errnoOf } from './errors.ts';
import { UntrustedPathError } from '@token-relay/paths';

/** The error for a save that failed: what stood in the way and what to do, by errno(3). What was on disk is untouched. */
export function saveFailure(path: string, cause: unknown): TokenError {
  const why = cause instanceof UntrustedPathError ? cause.message : reason(path, errnoOf(cause));
  return new TokenError('token_save_failed', `could not save ${path}: ${why}`, { cause });
}

function reason(path: string, errno: string | undefined): string {
  const folder = dirname(path);
  switch (errno ?? 'unknown error') {
    case 'ENOSPC':
    case 'EDQUOT':
      return `no space left on the disk (${errno}); free some space`;
    case 'EACCES':
    case 'EPERM':
      return `permission denied (${errno}); let this user write to the folder ${folder}`;
    case 'EROFS':
      return `the file system is read-only (EROFS); make ${folder} writable (a service of systemd: ReadWritePaths=)`;
    case 'ENOENT':
      return `the folder ${folder} does not exist (ENOENT); create it`;
    case 'ENOTDIR':
      return `${folder} is not a folder (ENOTDIR); correct the path`;
    case 'EISDIR':
      return 'it is a folder (EISDIR); name a file in it';
    case 'ELOOP':
      return 'its links lead in a circle (ELOOP); correct the path';
    case 'EBUSY':
      return `it is mounted by itself and cannot be replaced (EBUSY); mount its folder ${folder} instead`;
    default:
      return `the system refused (${errno ?? 'unknown error'})`;
  }
}

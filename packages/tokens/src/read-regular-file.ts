import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/** More than any token or key file has; what is larger is something else. */
export const LARGEST_FILE_BYTES: number = 1024 * 1024;

export type RegularFile =
  | {
      readonly kind: 'read';
      readonly bytes: Uint8Array;
      /** The mode as `0644`, if others than the owner may read or write the file. */
      readonly openTo: string | undefined;
    }
  | { readonly kind: 'too_large'; readonly size: number }
  | { readonly kind: 'not_a_file'; readonly what: string };

/**
 * Reads a small regular file whole, through links.
 * @throws the errno error of open(2) or read(2)
 */
export async function readRegularFile(path: string): Promise<RegularFile> {
  // Not to wait for a writer, if the path is a named pipe.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { mode, size } = await file.stat();
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) {
      const isFolder = (mode & constants.S_IFMT) === constants.S_IFDIR;
      return { kind: 'not_a_file', what: isFolder ? 'a folder' : 'not a regular file' };
    }
    if (size > LARGEST_FILE_BYTES) return { kind: 'too_large', size };
    const openTo = (mode & 0o077) === 0 ? undefined : (mode & 0o777).toString(8).padStart(4, '0');
    return { kind: 'read', bytes: await readBytes(file, size), openTo };
  } finally {
    await file.close();
  }
}

async function readBytes(file: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = Buffer.alloc(size);
  let length = 0;
  while (length < size) {
    const { bytesRead } = await file.read(bytes, length, size - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}

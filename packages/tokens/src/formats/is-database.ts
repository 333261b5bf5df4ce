/** The first bytes of every SQLite database (sqlite.org/fileformat.html, 1.3.1). */
const MAGIC: Uint8Array = new TextEncoder().encode('SQLite format 3\0');

/** Whether a file that begins with these bytes is an SQLite database. */
export function isDatabase(bytes: Uint8Array): boolean {
  return bytes.length >= MAGIC.length && MAGIC.every((byte, index) => bytes[index] === byte);
}

/** The lines of the journal, as `journalctl --output=json` prints them. */

export interface JournalEntry {
  readonly message: string;
  /** syslog's: 3 error, 4 warning, 6 info, 7 debug */
  readonly priority: number;
  /** undefined where systemd itself speaks about a unit */
  readonly unit: string | undefined;
  readonly cursor: string;
  /** every field, by the journal's name for it */
  readonly fields: Readonly<Record<string, unknown>>;
}

export function parseJournalLine(line: string): JournalEntry {
  const fields = JSON.parse(line) as Record<string, unknown>;
  const unit = fields['_SYSTEMD_UNIT'];
  return {
    message: asText(fields['MESSAGE']),
    priority: Number(fields['PRIORITY']),
    unit: typeof unit === 'string' ? unit : undefined,
    cursor: asText(fields['__CURSOR']),
    fields,
  };
}

/** What is not plain text is printed as an array of bytes; what is too long, as null. */
function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? Buffer.from(value as number[]).toString() : '';
}

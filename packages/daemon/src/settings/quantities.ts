import type { ParsedSetting } from './setting.ts';

const MS_PER_UNIT: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const BYTES_PER_UNIT: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Longest duration that means anything here; also keeps sums of durations exact. */
const MAX_DURATION_MS = 10 * 365 * 86_400_000;

/** `500ms`, `5s`, `25m`, `1h`, `7d`, `1.5h` → milliseconds. */
export function parseDuration(value: unknown): ParsedSetting<number> {
  if (typeof value === 'number' || (typeof value === 'string' && /^\s*\d+(\.\d+)?\s*$/.test(value))) {
    const written = typeof value === 'number' ? String(value) : value.trim();
    return { ok: false, problem: `"${written}" has no unit; write it as ${written}s, ${written}m or ${written}h` };
  }
  const match = typeof value === 'string' ? /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*$/.exec(value) : null;
  const unitMs = MS_PER_UNIT[match?.[2] ?? 'none'];
  if (match?.[1] === undefined || unitMs === undefined) {
    return { ok: false, problem: 'is not a duration; write it as 500ms, 5s, 25m, 1h or 7d' };
  }
  const ms = Math.round(Number(match[1]) * unitMs);
  return ms <= MAX_DURATION_MS ? { ok: true, value: ms } : { ok: false, problem: 'is longer than ten years' };
}

/** `8192`, `8k`, `10m`, `1g` (powers of 1024) → bytes. */
export function parseSize(value: unknown): ParsedSetting<number> {
  const match = /^\s*(\d+)\s*([bkmg]?)b?\s*$/i.exec(
    typeof value === 'number' || typeof value === 'string' ? String(value) : '',
  );
  const bytes = Number(match?.[1]) * (BYTES_PER_UNIT[(match?.[2] ?? 'none').toLowerCase()] ?? Number.NaN);
  if (!Number.isSafeInteger(bytes)) {
    return { ok: false, problem: 'is not a size; write bytes as 8192, or 8k, 10m, 1g' };
  }
  return { ok: true, value: bytes };
}

/**
 * `"0660"` → 0o660. A number is refused: YAML 1.2 reads an unquoted 0660 as six hundred and sixty, and 432 may have
 * been meant as either.
 */
export function parseMode(value: unknown): ParsedSetting<number> {
  if (typeof value === 'number') {
    return { ok: false, problem: 'is a number; write the mode in quotes, such as "0660"' };
  }
  if (typeof value !== 'string' || !/^\s*(0o?)?[0-7]{3}\s*$/.test(value)) {
    return { ok: false, problem: 'is not a file mode; write it in quotes and in octal, such as "0660"' };
  }
  return { ok: true, value: Number.parseInt(value.trim().slice(-3), 8) };
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** One event, as a text line shows it. */
export interface LogEvent {
  level: LogLevel;
  message: string;
  atMs: number;
}

/** syslog(3): the priority that the journal takes from `<N>` at the start of a line (sd-daemon(3)). */
const JOURNAL_PRIORITY: Readonly<Record<LogLevel, number>> = { error: 3, warn: 4, info: 6, debug: 7 };

const MAX_MESSAGE_LENGTH = 8192;

/** `[2025-11-13 08:44:23] INFO: Token refreshed successfully (expires in 30 minutes)`, in local time. */
export function formatTextLine({ level, message, atMs }: LogEvent): string {
  return `[${localTime(atMs)}] ${level.toUpperCase()}: ${message}`;
}

/** The prefix that gives a line its priority on the journal; the journal removes it and has a time of its own. */
export function journalPrefix(level: LogLevel): string {
  return `<${JOURNAL_PRIORITY[level]}>`;
}

function localTime(atMs: number): string {
  const at = new Date(atMs);
  const two = (number: number): string => String(number).padStart(2, '0');
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** Control characters, line separators, and the marks that reverse the direction of what a terminal shows. */
// eslint-disable-next-line no-control-regex -- these are the characters to be found
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Bounds what one event can write: at most 8192 characters of its message. */
export function cutMessage(message: string): string {
  const excess = message.length - MAX_MESSAGE_LENGTH;
  return excess > 0 ? `${message.slice(0, MAX_MESSAGE_LENGTH)}… (${excess} more characters)` : message;
}

/**
 * Makes a text one line that can forge no other and steer no terminal: what is not printable becomes its escape, as in
 * a JavaScript string. JSON stays the same JSON.
 */
export function oneLine(text: string): string {
  return text.replace(UNSAFE, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\r') return '\\r';
    if (character === '\t') return '\\t';
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

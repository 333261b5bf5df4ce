import type { Log } from '@token-relay/daemon';
import { recordOutput } from '../record/record.ts';

/** Keeps the lines, and resolves when one comes. */
export class WaitingLog implements Log {
  readonly lines: string[] = [];
  readonly #recordedAs: string | undefined;
  #wake: () => void = () => undefined;

  /** @param recordedAs the name under which the lines are searched for secrets (tests/record); default: they are not */
  constructor(recordedAs?: string) {
    this.#recordedAs = recordedAs;
  }

  readonly debug = (message: string): void => this.#add('DEBUG', message);
  readonly info = (message: string): void => this.#add('INFO', message);
  readonly warn = (message: string): void => this.#add('WARN', message);
  readonly error = (message: string): void => this.#add('ERROR', message);

  async lineWith(text: string): Promise<string> {
    for (;;) {
      const found = this.lines.find((line) => line.includes(text));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** What is said at this level, the level cut off. */
  at(level: 'INFO' | 'WARN' | 'ERROR'): string[] {
    return this.lines.filter((line) => line.startsWith(`${level} `)).map((line) => line.slice(level.length + 1));
  }

  #add(level: string, message: string): void {
    this.lines.push(`${level} ${message}`);
    if (this.#recordedAs !== undefined) recordOutput(this.#recordedAs, `${level} ${message}\n`);
    this.#wake();
  }
}

/** pino-roll 4 ships no types; this is what is used of it (a sonic-boom stream that changes its file). */
declare module 'pino-roll' {
  export interface RollingStream {
    /** The numbered file that is written now. */
    readonly file: string;
    readonly fd: number;
    write(text: string): boolean;
    end(): void;
    destroy(): void;
    /** `ready`: a file was opened, the first or a rolled one. `write`: bytes reached it. */
    on(event: 'ready' | 'write' | 'close', listener: () => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
    once(event: 'ready' | 'close', listener: () => void): this;
    once(event: 'error', listener: (error: Error) => void): this;
  }
  export default function openRollingStream(options: {
    file: string;
    size: string;
    limit: { count: number; removeOtherLogFiles: boolean };
    mode: number;
    maxLength: number;
  }): Promise<RollingStream>;
}

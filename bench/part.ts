/** What a part of the bench is given, and what it gives back. */
import type { Goal } from './goals.ts';
import type { Programs } from './programs.ts';

export interface Setting {
  /** For sockets and files; on a disk, and removed afterwards. */
  readonly folder: string;
  /** The checkout. */
  readonly root: string;
  /** Whether this is only to see that everything still works: the figures then mean little. */
  readonly quick: boolean;
  readonly programs: Programs;
}

export interface Findings {
  /** Markdown: tables, and below each what it is made of. */
  readonly text: string;
  readonly goals?: readonly Goal[];
}

export interface Part {
  readonly title: string;
  /** Whether another part measures it too, so that it is left out unless it is asked for; default false. */
  readonly isExtra?: boolean;
  readonly measure: (setting: Setting) => Promise<Findings>;
}

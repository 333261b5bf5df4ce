/** Who may ask Schwab. On a single machine there is no gate: this host, always. */
export interface RefreshGate {
  /** Resolves when it is known what the other hosts have, or that it cannot be known now. */
  readonly joined: () => Promise<void>;
  /** Whether a refresh that is due is this host's to make. */
  readonly isOpen: () => boolean;
  /** Asked right before a request: makes sure that this host may go on until the answer is there. */
  readonly pass: () => Promise<boolean>;
  /** Why not, for people. */
  readonly closedBecause: () => string;
  /** What a host without a token waits for, while it may not refresh. For people. */
  readonly awaits: () => string;
  /** What is held has changed. */
  readonly held: () => void;
}

/** What the web page is made of, and what it can ask for. */
import type { LoginService } from '../login/login-service.ts';
import type { StatusReport } from '../status/status-report.ts';
import type { TimelineEvent } from './timeline.ts';

/** Messages are for people, and never hold a code, a token or a pasted address. */
export type WebLogin = Pick<LoginService, 'state' | 'paste' | 'cancel'> & {
  /** Resolves once a login waits, or cannot; one under way is joined. @throws LoginError */
  start(): Promise<unknown>;
};

export interface WebSource {
  status(): StatusReport;
  /** Newest first. */
  timeline(): readonly TimelineEvent[];
  readonly login: WebLogin;
  /** Calls the listener whenever something shown has changed. Returns what ends that. */
  onChange(listener: () => void): () => void;
  readonly nowMs: () => number;
}

import { makeCertificate } from './certificate.ts';
import { SandboxError } from './errors.ts';
import type { Fault, FaultTimes } from './faults.ts';
import { listen } from './http-shell.ts';
import type { SandboxOptions } from './options.ts';
import { resolveOptions } from './options.ts';
import type { RequestRecord } from './request-log.ts';
import { announceCredentials } from './secrets-channel.ts';
import { StandIn } from './stand-in.ts';
import { formatTokenFile, parseTokenFile } from './token-file.ts';
import type { Credentials } from './token-request.ts';

/** What a login gives; `expiresIn` in seconds. */
export type SandboxLogin = { refreshToken: string; accessToken: string; expiresIn: number; loginAtMs: number };

/** A running stand-in for Schwab's OAuth server. */
export type Sandbox = {
  /** `http://127.0.0.1:PORT`, no slash at the end. */
  readonly baseUrl: string;
  readonly tokenUrl: string;
  readonly authorizeUrl: string;
  readonly callbackUrl: string;
  /** What it takes now. */
  readonly credentials: Readonly<Credentials>;
  /** PEM, to be trusted by clients; only with `tls`. */
  readonly caCertificate?: string;
  /** The newest 1000 requests to the token endpoint, oldest first; each is there before it is answered. */
  readonly requests: readonly RequestRecord[];

  /** Resolves when the request of this number (1 is the first since the start) has arrived; rejects if it is closed first. */
  waitForRequest(number: number): Promise<RequestRecord>;
  /** As if the user logged in elsewhere: ends the earlier refresh token at once. */
  logIn(): SandboxLogin;
  /** Goes on with the login of a schwab-py file, as after a restart. Throws SandboxError `bad_token_file`. */
  adoptLogin(tokenFileText: string): void;
  /** A schwab-py file of the newest tokens. Throws SandboxError `no_login` when it has issued none. */
  tokenFileText(): string;
  /** Spoils the next `times` (default 1) answers of the token endpoint, after the faults that wait already. */
  addFault(fault: Fault, times?: FaultTimes): void;
  clearFaults(): void;
  /** Ends the refresh token. */
  revoke(): void;
  /** Takes other credentials from now on, as after a new secret was made for the app. */
  setCredentials(credentials: Partial<Credentials>): void;
  /** Whether the app is approved from now on (option `unapprovedApp`). */
  setApproved(approved: boolean): void;
  /** Ends every connection at once, the hanging ones too. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Resolves when it listens. Rejects with SandboxError `not_loopback`, `bad_option` or `listen_failed`. */
export async function startSandbox(given: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const options = resolveOptions(given);
  const certificate = options.tls ? await makeCertificate() : undefined;
  const standIn = new StandIn(options);
  const listening = await listen(standIn, options, certificate);
  const { faults, log, book } = standIn;

  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  const baseUrl = `${options.tls ? 'https' : 'http'}://${host}:${listening.port}`;
  const close = (): Promise<void> => {
    log.close();
    return listening.close();
  };

  return {
    baseUrl,
    tokenUrl: `${baseUrl}/v1/oauth/token`,
    authorizeUrl: `${baseUrl}/v1/oauth/authorize`,
    callbackUrl: options.callbackUrl,
    get credentials() {
      return standIn.credentials;
    },
    ...(certificate === undefined ? {} : { caCertificate: certificate.cert }),
    get requests() {
      return log.records;
    },

    waitForRequest: (number) => log.wait(number),
    logIn() {
      const { refreshToken, accessToken, expiresIn, loginAtMs } = standIn.logIn();
      return { refreshToken, accessToken, expiresIn, loginAtMs };
    },
    adoptLogin: (tokenFileText) => book.adopt(parseTokenFile(tokenFileText)),
    tokenFileText() {
      if (book.newestTokens === undefined) {
        throw new SandboxError('no_login', 'The sandbox has issued no tokens yet: call logIn() first.');
      }
      return formatTokenFile(book.newestTokens);
    },
    addFault: (fault, times = 1) => faults.add(fault, times),
    clearFaults: () => faults.clear(),
    revoke: () => book.revoke(),
    setCredentials(credentials) {
      standIn.credentials = { ...standIn.credentials, ...credentials };
      announceCredentials(standIn.credentials);
    },
    setApproved(approved) {
      standIn.approved = approved;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

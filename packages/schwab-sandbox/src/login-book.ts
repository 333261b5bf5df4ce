import { mintAccessToken, mintCode, mintIdToken, mintRefreshToken } from './mint.ts';
import type { SandboxOptions } from './options.ts';
import type { RandomSource } from './random-source.ts';

/** How many codes may be outstanding; the oldest is forgotten. */
const maxCodes = 100;

export type IssuedTokens = {
  accessToken: string;
  refreshToken: string;
  idToken: string;
  expiresIn: number;
  issuedAtMs: number;
  loginAtMs: number;
};

export type RedeemedCode = 'accepted' | 'expired' | 'bad';

export type Refreshed = { status: 'issued'; tokens: IssuedTokens } | { status: 'expired' } | { status: 'ended' };

type Rules = Pick<SandboxOptions, 'accessTokenSeconds' | 'refreshTokenSeconds' | 'codeSeconds' | 'rotateRefreshToken'>;

/** Which login of the app is alive: at most one, as a new login ends the earlier refresh token at once. */
export class LoginBook {
  readonly #rules: Rules;
  readonly #random: RandomSource;
  readonly #codes = new Map<string, number>();
  #current: { refreshToken: string; loginAtMs: number } | undefined;
  #newest: IssuedTokens | undefined;

  constructor(rules: Rules, random: RandomSource) {
    this.#rules = rules;
    this.#random = random;
  }

  /** The refresh token that would be accepted, were it not past its week. */
  get currentRefreshToken(): string | undefined {
    return this.#current?.refreshToken;
  }

  get newestTokens(): IssuedTokens | undefined {
    return this.#newest;
  }

  logIn(appKey: string, nowMs: number): IssuedTokens {
    this.#current = { refreshToken: mintRefreshToken(this.#random), loginAtMs: nowMs };
    this.#newest = this.#mint(this.#current, appKey, nowMs);
    return this.#newest;
  }

  /** An access token of no login: it cannot be refreshed, and the login that is alive stays so. */
  issueWithoutLogin(appKey: string, nowMs: number): IssuedTokens {
    return this.#mint({ refreshToken: '', loginAtMs: nowMs }, appKey, nowMs);
  }

  /** Takes a login made before this sandbox started as the one that is alive. */
  adopt(login: { refreshToken: string; loginAtMs: number }): void {
    this.#current = { refreshToken: login.refreshToken, loginAtMs: login.loginAtMs };
    this.#newest = undefined;
  }

  revoke(): void {
    this.#current = undefined;
  }

  issueCode(nowMs: number): string {
    const code = mintCode(this.#random);
    this.#codes.set(code, nowMs);
    const [oldest] = this.#codes.keys();
    if (this.#codes.size > maxCodes && oldest !== undefined) this.#codes.delete(oldest);
    return code;
  }

  /** A code works once, within `codeSeconds`. */
  redeemCode(code: string, nowMs: number): RedeemedCode {
    const issuedAtMs = this.#codes.get(code);
    if (issuedAtMs === undefined) return 'bad';
    if (nowMs - issuedAtMs >= this.#rules.codeSeconds * 1000) return 'expired';
    this.#codes.delete(code);
    return 'accepted';
  }

  /** The login's week runs from `loginAtMs`, whatever was refreshed since. */
  refresh(refreshToken: string, appKey: string, nowMs: number): Refreshed {
    const current = this.#current;
    if (current?.refreshToken !== refreshToken) return { status: 'ended' };
    if (nowMs - current.loginAtMs >= this.#rules.refreshTokenSeconds * 1000) return { status: 'expired' };
    if (this.#rules.rotateRefreshToken) current.refreshToken = mintRefreshToken(this.#random);
    this.#newest = this.#mint(current, appKey, nowMs);
    return { status: 'issued', tokens: this.#newest };
  }

  #mint(login: { refreshToken: string; loginAtMs: number }, appKey: string, nowMs: number): IssuedTokens {
    const expiresIn = this.#rules.accessTokenSeconds;
    return {
      accessToken: mintAccessToken(this.#random),
      refreshToken: login.refreshToken,
      idToken: mintIdToken(this.#random, appKey, nowMs, expiresIn),
      expiresIn,
      issuedAtMs: nowMs,
      loginAtMs: login.loginAtMs,
    };
  }
}

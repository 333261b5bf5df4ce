/** Schwab, in memory and on true time, after SCHWAB.md: lifetimes, one login at a time, rotation, faults, the forms of its errors. */
import {
  edgePage,
  jsonAnswer,
  refusedRefreshToken,
  wrongCredentials,
  type Answer,
  type RefusalForm,
} from '../../packages/schwab-sandbox/src/answers.ts';
import type { Failure, PlanEvent, Rotation } from './plan-events.ts';
import type { Random } from './random.ts';

export const LOGIN_LIFE_MS: number = 7 * 24 * 60 * 60_000;
/** Of an answer that nothing slows down. */
const LONGEST_USUAL_DELAY_MS = 800;

export interface Login {
  readonly number: number;
  readonly madeAtMs: number;
  /** the refresh tokens that are accepted, the newest last */
  accepted: string[];
  isRevoked: boolean;
}

export interface LoginAnswer {
  readonly login: Login;
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** What became of a request: `lost` never arrives, `answer` does after so much time. */
export type Reaction = { readonly delayMs: number } & (
  | { readonly kind: 'answer'; readonly answer: Answer; readonly meaning: Meaning; readonly retryAfter?: string }
  | { readonly kind: 'lost' }
  | { readonly kind: 'fault'; readonly code: string }
);

/** What the answer says, apart from its form. */
export type Meaning =
  | { readonly kind: 'granted'; readonly accessToken: string; readonly refreshToken: string }
  | { readonly kind: 'refused' | 'unauthorized' | 'passing' };

type Weather = Extract<PlanEvent, { kind: 'outage' | 'overload' | 'slow' | 'refused_for' | 'unauthorized_for' }>;
type Spell = Weather & { readonly untilMs: number };
type Odd = Extract<PlanEvent, { kind: 'odd_refusals' | 'odd_unauthorized' | 'lost_answers' }>;

export class Schwab {
  readonly #trueMs: () => number;
  readonly #random: Random;
  readonly #rotation: Rotation;
  readonly #expiresIn: 1800 | '1800' | 3600;
  #login: Login | undefined;
  #logins = 0;
  #minted = 0;
  #spells: Spell[] = [];
  #odd: { event: Odd; left: number }[] = [];
  readonly #loginOf = new Map<string, Login>();
  readonly #expiresAtMs = new Map<string, number>();

  constructor(trueMs: () => number, random: Random, rotation: Rotation, expiresIn: 1800 | '1800' | 3600) {
    this.#trueMs = trueMs;
    this.#random = random;
    this.#rotation = rotation;
    this.#expiresIn = expiresIn;
  }

  get lifeSeconds(): number {
    return Number(this.#expiresIn);
  }

  /** A new login; it ends the one before at once. */
  logIn(): LoginAnswer {
    this.#logins += 1;
    const login = { number: this.#logins, madeAtMs: this.#trueMs(), accepted: [], isRevoked: false };
    this.#login = login;
    return { login, accessToken: this.#mintAccess(), refreshToken: this.#mintRefresh(login) };
  }

  revoke(): void {
    if (this.#login !== undefined) this.#login.isRevoked = true;
  }

  /** A spell of bad weather, or a few odd answers. */
  trouble(event: Odd | Weather): void {
    if ('forMs' in event) this.#spells.push({ ...event, untilMs: this.#trueMs() + event.forMs });
    else this.#odd.push({ event, left: event.times });
  }

  /** Whether a request that is made now is judged by its login alone, and answered within the HTTP timeout. */
  isItself(httpTimeoutMs: number): boolean {
    return (
      this.#odd.length === 0 &&
      !this.#weather().some((spell) => spell.kind !== 'slow' || spell.delayMs >= httpTimeoutMs)
    );
  }

  /** Whether every request that is made now is answered in time, with a 401. */
  alwaysSaysUnauthorized(httpTimeoutMs: number): boolean {
    const weather = this.#weather();
    const first = weather.find(({ kind }) => kind !== 'slow');
    return (
      first?.kind === 'unauthorized_for' &&
      !weather.some((spell) => spell.kind === 'slow' && spell.delayMs >= httpTimeoutMs)
    );
  }

  /** Whether a refresh token is good now. */
  accepts(refreshToken: string | undefined): boolean {
    const login = this.#login;
    if (login === undefined || refreshToken === undefined || login.isRevoked) return false;
    return this.#trueMs() < login.madeAtMs + LOGIN_LIFE_MS && login.accepted.includes(refreshToken);
  }

  /** The login that a refresh token was given for, alive or not. */
  loginOf(refreshToken: string | undefined): Login | undefined {
    return refreshToken === undefined ? undefined : this.#loginOf.get(refreshToken);
  }

  /** Whether an access token works now. */
  isValid(accessToken: string | undefined): boolean {
    return accessToken !== undefined && (this.#expiresAtMs.get(accessToken) ?? 0) > this.#trueMs();
  }

  /** When an access token was given, in true time. */
  issuedAtMs(accessToken: string): number | undefined {
    const expiresAtMs = this.#expiresAtMs.get(accessToken);
    return expiresAtMs === undefined ? undefined : expiresAtMs - this.lifeSeconds * 1_000;
  }

  /** What comes of a request to refresh. */
  refresh(refreshToken: string): Reaction {
    const usualMs = this.#random.whole(5, LONGEST_USUAL_DELAY_MS);
    const weather = this.#weather();
    const slowMs = weather.reduce((most, spell) => (spell.kind === 'slow' ? Math.max(most, spell.delayMs) : most), 0);
    const delayMs = Math.max(usualMs, slowMs);
    for (const spell of weather) {
      const reaction = this.#underSpell(spell, refreshToken, delayMs);
      if (reaction !== undefined) return reaction;
    }
    const odd = this.#odd[0];
    if (odd !== undefined) {
      odd.left -= 1;
      if (odd.left === 0) this.#odd.shift();
      return this.#oddly(odd.event, refreshToken, delayMs);
    }
    return this.#judge(refreshToken, delayMs);
  }

  #underSpell(spell: Spell, refreshToken: string, delayMs: number): Reaction | undefined {
    switch (spell.kind) {
      case 'outage':
        return failed(spell.how, delayMs);
      case 'overload': {
        if (!this.#random.chance(spell.share)) return undefined;
        const atMs = Math.ceil(this.#trueMs() / 1_000) * 1_000 + spell.seconds * 1_000;
        const retryAfter = {
          none: undefined,
          seconds: String(spell.seconds),
          date: new Date(atMs).toUTCString(),
        }[spell.retryAfter];
        return { ...passing(edgePage(429), delayMs), ...(retryAfter === undefined ? {} : { retryAfter }) };
      }
      case 'refused_for':
        return refusal(spell.form, refreshToken, delayMs);
      case 'unauthorized_for':
        return unauthorized(delayMs);
      case 'slow':
        return undefined;
    }
  }

  #oddly(event: Odd, refreshToken: string, delayMs: number): Reaction {
    switch (event.kind) {
      case 'odd_refusals':
        return refusal(event.form, refreshToken, delayMs);
      case 'odd_unauthorized':
        return unauthorized(delayMs);
      case 'lost_answers':
        this.#judge(refreshToken, delayMs);
        return event.how === 'timeout' ? { kind: 'lost', delayMs } : { kind: 'fault', delayMs, code: 'ECONNRESET' };
    }
  }

  #judge(refreshToken: string, delayMs: number): Reaction {
    const login = this.#login;
    if (login === undefined || !this.accepts(refreshToken))
      return refusal(this.#random.pick(['A', 'B', 'C', 'rfc']), refreshToken, delayMs);
    // Whoever uses a token has it: what came before it is not needed any more.
    if (this.#rotation !== 'absent') login.accepted = login.accepted.slice(login.accepted.indexOf(refreshToken));
    const next = this.#rotation === 'at_once' || this.#rotation === 'gently' ? this.#mintRefresh(login) : refreshToken;
    if (this.#rotation === 'at_once') login.accepted = [next];
    const accessToken = this.#mintAccess();
    const answer = jsonAnswer(200, {
      expires_in: this.#expiresIn,
      token_type: 'Bearer',
      scope: 'api',
      ...(this.#rotation === 'absent' ? {} : { refresh_token: next }),
      access_token: accessToken,
    });
    return { kind: 'answer', answer, meaning: { kind: 'granted', accessToken, refreshToken: next }, delayMs };
  }

  #weather(): readonly Spell[] {
    const nowMs = this.#trueMs();
    if (this.#spells.length > 0) this.#spells = this.#spells.filter(({ untilMs }) => untilMs > nowMs);
    return this.#spells;
  }

  #mintAccess(): string {
    const accessToken = `I0.made-up-${++this.#minted}@`;
    this.#expiresAtMs.set(accessToken, this.#trueMs() + this.lifeSeconds * 1_000);
    return accessToken;
  }

  #mintRefresh(login: Login): string {
    const refreshToken = `made-up-refresh-${login.number}-${++this.#minted}@`;
    login.accepted.push(refreshToken);
    this.#loginOf.set(refreshToken, login);
    return refreshToken;
  }
}

function refusal(form: RefusalForm, refreshToken: string, delayMs: number): Reaction {
  return { kind: 'answer', answer: refusedRefreshToken(form, refreshToken), meaning: { kind: 'refused' }, delayMs };
}

function unauthorized(delayMs: number): Reaction {
  return { kind: 'answer', answer: wrongCredentials(), meaning: { kind: 'unauthorized' }, delayMs };
}

function passing(answer: Answer, delayMs: number): Reaction & { kind: 'answer' } {
  return { kind: 'answer', answer, meaning: { kind: 'passing' }, delayMs };
}

function failed(how: Failure, delayMs: number): Reaction {
  switch (how) {
    case 'unreachable':
      return { kind: 'fault', code: 'EHOSTUNREACH', delayMs };
    case 'not_found':
      return { kind: 'fault', code: 'EAI_AGAIN', delayMs };
    case 'reset':
      return { kind: 'fault', code: 'ECONNRESET', delayMs };
    case 'hang':
      return { kind: 'lost', delayMs };
    case 'blocked':
      return passing(edgePage(403), delayMs);
    case 'error_500':
      return passing(edgePage(500), delayMs);
    case 'error_503':
      return passing(edgePage(503), delayMs);
    case 'empty_502':
      return passing({ status: 502, headers: {}, body: '' }, delayMs);
    case 'not_json':
      return passing({ status: 200, headers: {}, body: 'access_token=not json' }, delayMs);
  }
}

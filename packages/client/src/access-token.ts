/** A token as the receiver handed it out. */
export interface AccessToken {
  readonly accessToken: string;
  /** epoch milliseconds; absent when the expiry is unknown */
  readonly expiresAtMs?: number;
  /** which of the tokens that this receiver has accepted; may start again at 1 when the receiver does */
  readonly generation: number;
  /** when the receiver took it in, epoch milliseconds */
  readonly receivedAtMs: number;
}

/** VSCHAR (RFC 6749, appendix A.12): nothing that could end a header field. */
const TOKEN = /^[ -~]+$/;

/** Reads the body of `GET /v1/token`. Undefined if it is none; why is not said, because a parser's message quotes its input. */
export function readAccessToken(json: string): AccessToken | undefined {
  const body = parseObject(json);
  if (body === undefined) return undefined;
  const accessToken = 'access_token' in body ? body.access_token : undefined;
  const generation = 'generation' in body ? body.generation : undefined;
  const receivedAt = 'received_at' in body ? body.received_at : undefined;
  const expiresAt = 'expires_at' in body ? body.expires_at : undefined;
  if (typeof accessToken !== 'string' || !TOKEN.test(accessToken)) return undefined;
  if (!isCount(generation) || !isInstant(receivedAt) || (expiresAt !== undefined && !isInstant(expiresAt)))
    return undefined;
  return Object.freeze({
    accessToken,
    ...(expiresAt === undefined ? {} : { expiresAtMs: expiresAt * 1_000 }),
    generation,
    receivedAtMs: receivedAt * 1_000,
  });
}

function parseObject(json: string): object | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/** In seconds; what a Date cannot hold is none (ECMA-262, "Time Values and Time Range"). */
function isInstant(value: unknown): value is number {
  return isCount(value) && value <= 8.64e12;
}

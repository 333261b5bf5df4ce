export { nextBackoff, type BackoffOptions } from './backoff.ts';
export type { DecodeStep } from './decode-step.ts';
export { DEFAULT_MAX_TOKEN_SIZE, MessageDecoder } from './decoder.ts';
export { parseInstant } from './instant.ts';
export { type ExpiryNotation, formatTokenMessage, parseTokenMessage, type TokenMessage } from './message.ts';
export type { RejectionCode } from './rejection.ts';
export { formatReply, parseReply, type Reply } from './reply.ts';

export type { AccessToken } from './access-token.ts';
export { TokenClientError, type TokenClientErrorCode } from './client-error.ts';
export { TokenClient, type TokenClientOptions, type WaitOptions } from './token-client.ts';

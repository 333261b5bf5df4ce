export { removeStaleTemporaries, saveAtomically, type SaveOptions } from './atomic-save.ts';
export { exportTokens, type MigrationReport } from './copies.ts';
export { decryptText, encryptionKeyId, encryptText, type Decrypted } from './encryption.ts';
export { generateEncryptionKey, readEncryptionKey } from './encryption-key.ts';
export { formatEnvironment, tokenSetFromEnvironment } from './environment.ts';
export { TokenError, type TokenErrorCode } from './errors.ts';
export { fingerprint } from './fingerprint.ts';
export { formatTokenText, parseTokenText, type TextFormat, type TokenFormat } from './formats/token-text.ts';
export type { AdoptOptions } from './held-tokens.ts';
export {
  checkImport,
  importTokens,
  type CheckedTokens,
  type ImportedTokens,
  type ImportOptions,
} from './import-tokens.ts';
export { isLoginInFuture, knownLoginAtMs } from './login-time.ts';
export { isNewerLogin, losesRefreshToken, type DiskVerdict } from './newest-login.ts';
export { readRegularFile, type RegularFile } from './read-regular-file.ts';
export type { RefreshFunction, RefreshResult } from './refresh-result.ts';
export { parseTokenResponse, type RefreshedTokens, type TokenResponse } from './refreshed.ts';
export { readTokenFile, type ReadTokenFileOptions, type TokenFile } from './token-file.ts';
export { TokenManager, type TokenManagerOptions } from './token-manager.ts';
export { type OtherMembers, assertTokenSet, type TokenOrigin, type TokenSet } from './token-set.ts';
export { fileStore, memoryStore, type FileEncryption, type FileStoreOptions, type TokenStore } from './token-stores.ts';

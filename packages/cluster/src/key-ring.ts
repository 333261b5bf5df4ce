/** The keys that token sets are sealed with on their way: AES-256-GCM, so that the store and its operators never see a token. */
import { decryptText, encryptionKeyId, encryptText } from '@token-relay/tokens';

/** Opens with every key, seals with the first: so a key can be changed host by host, without a stop. */
export interface KeyRing {
  /** `keyId`: which key it was sealed with, whether or not we have it. */
  readonly open: (sealed: string) => Opened;
  readonly seal: (text: string) => string;
  /** Of the key that seals. */
  readonly keyId: string;
}

export type Opened =
  | { readonly kind: 'opened'; readonly text: string; readonly keyId: string }
  | { readonly kind: 'other_key'; readonly keyId: string; readonly ours: readonly string[] }
  /** Not of this program, or not whole. */
  | { readonly kind: 'foreign' };

/** @param keys 32 bytes each; at least one */
export function keyRing(keys: readonly [Uint8Array, ...Uint8Array[]]): KeyRing {
  const [first] = keys;
  const ids = keys.map(encryptionKeyId);
  return {
    keyId: encryptionKeyId(first),
    seal: (text) => encryptText(text, first),
    open(sealed) {
      let otherKeyId: string | undefined;
      for (const key of keys) {
        const decrypted = decryptText(sealed, key);
        switch (decrypted.status) {
          case 'decrypted':
            return { kind: 'opened', text: decrypted.text, keyId: encryptionKeyId(key) };
          case 'other_key':
            otherKeyId = decrypted.keyId;
            break;
          case 'damaged':
          case 'no_key':
          case 'not_encrypted':
          case 'unknown_kind':
            break;
        }
      }
      const isKnown = otherKeyId === undefined || ids.includes(otherKeyId);
      return isKnown ? { kind: 'foreign' } : { kind: 'other_key', keyId: otherKeyId ?? '', ours: ids };
    },
  };
}

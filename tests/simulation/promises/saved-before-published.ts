/** A token set is on disk before anyone is sent it, unless its save has failed. */
import type { TokenSet } from '@token-relay/tokens';
import type { PromiseCheck } from '../scene.ts';

export function savedBeforePublished(): PromiseCheck {
  const onDiskOnce = new Set<string | undefined>();
  const note = ({ tokenSet }: { readonly tokenSet: TokenSet }) => {
    onDiskOnce.add(tokenSet.accessToken);
    return undefined;
  };
  return {
    name: 'saved before published',
    on: {
      saved: note,
      save_failed: note,
      sent: ({ accessToken, receiver }, { disk }) => {
        if (onDiskOnce.has(accessToken) || disk.tokens()?.accessToken === accessToken) return undefined;
        return `${accessToken} was sent to ${receiver}, and it is not on disk`;
      },
    },
    look: ({ disk }) => {
      onDiskOnce.add(disk.tokens()?.accessToken);
      return undefined;
    },
  };
}

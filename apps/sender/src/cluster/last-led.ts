/** Whether this host led its cluster last, in a small file beside the token file, so that it still knows after a restart. No secret in it. */
import type { Log } from '@token-relay/daemon';
import { readRegularFile, saveAtomically } from '@token-relay/tokens';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod/mini';

const fileSchema = z.object({ led_last: z.boolean() });

export interface LastLed {
  /** undefined: it is not known. Never rejects. */
  load(): Promise<boolean | undefined>;
  /** Never rejects: what is not saved is told from who made the token set. */
  save(ledLast: boolean): Promise<void>;
}

/** `configs/schwab_tokens.json` → `configs/.schwab_tokens.cluster.json`. */
export function lastLedFile(tokenFile: string, log: Pick<Log, 'debug'>): LastLed {
  let saving = Promise.resolve();
  const path = join(dirname(tokenFile), `.${basename(tokenFile, '.json')}.cluster.json`);
  return {
    load: async () => {
      try {
        const file = await readRegularFile(path);
        if (file.kind !== 'read') return undefined;
        return z.parse(fileSchema, JSON.parse(Buffer.from(file.bytes).toString('utf8'))).led_last;
      } catch (error) {
        log.debug(`Whether this host led last is not known (${error instanceof Error ? error.name : 'unreadable'})`);
        return undefined;
      }
    },
    // One after the other: the last one stays.
    save: (ledLast) => {
      saving = saving.then(async () => {
        try {
          await saveAtomically(path, `${JSON.stringify({ led_last: ledLast })}\n`);
        } catch (error) {
          log.debug(error instanceof Error ? error.message : 'unreadable');
        }
      });
      return saving;
    },
  };
}

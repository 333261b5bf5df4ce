/** Which reminders were given, in a small file beside the token file, so that a restart repeats none. No secret in it. */
import { saveAtomically, TokenError } from '@token-relay/tokens';
import type { Log } from '@token-relay/daemon';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod/mini';
import { nothingSaid, type ReminderState } from './reminders.ts';

/** More than it ever has. */
const LARGEST_FILE_BYTES = 4_096;

const fileSchema = z.object({
  creation_timestamp: z.optional(z.int()),
  hours_given: z.array(z.int()),
  unknown_login_said: z.boolean(),
});

export interface ReminderStore {
  /** Never rejects: a file that is missing or broken means that nothing was said. */
  load(): Promise<ReminderState>;
  /** Never rejects: what is not saved is said again after a restart, and the log says so. */
  save(state: ReminderState): Promise<void>;
}

/** `configs/schwab_tokens.json` → `configs/.schwab_tokens.reminders.json`. */
export function reminderFile(tokenFile: string): string {
  return join(dirname(tokenFile), `.${basename(tokenFile, '.json')}.reminders.json`);
}

export function reminderStore(tokenFile: string, log: Log): ReminderStore {
  const path = reminderFile(tokenFile);
  return {
    load: async () => {
      try {
        return parse(await readSmallFile(path));
      } catch (error) {
        // Not its message: JSON.parse quotes what it read.
        log.debug(`No reminders known from ${path} (${error instanceof Error ? error.name : 'unreadable'})`);
        return nothingSaid;
      }
    },
    save: async ({ creationTimestamp, given, unknownSaid }) => {
      const text = JSON.stringify({
        ...(creationTimestamp !== undefined && { creation_timestamp: creationTimestamp }),
        hours_given: given,
        unknown_login_said: unknownSaid,
      });
      try {
        await saveAtomically(path, `${text}\n`);
      } catch (error) {
        if (!(error instanceof TokenError)) throw error;
        log.warn(`${error.message}. This reminder is repeated if the sender is restarted`);
      }
    },
  };
}

/** @throws ZodMiniError, SyntaxError */
function parse(text: string): ReminderState {
  const content: unknown = JSON.parse(text);
  const { creation_timestamp, hours_given, unknown_login_said } = z.parse(fileSchema, content);
  return {
    ...(creation_timestamp !== undefined && { creationTimestamp: creation_timestamp }),
    given: hours_given,
    unknownSaid: unknown_login_said,
  };
}

async function readSmallFile(path: string): Promise<string> {
  // Not to wait for a writer, if the path is a named pipe.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile() || stats.size > LARGEST_FILE_BYTES) throw new Error('not a file of reminders');
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

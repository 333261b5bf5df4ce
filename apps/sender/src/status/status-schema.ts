/** docs/status.schema.json, for programs that read `status --json`. */
import * as z from 'zod/mini';
import { statusSchema } from './status-report.ts';

/** JSON Schema 2020-12. Members that it does not name may come with a later version. */
export function statusJsonSchema(): Record<string, unknown> {
  return {
    title: 'Status of token-refresh-sender',
    description: 'What `token-refresh-sender status --json` prints. It holds no token.',
    ...z.toJSONSchema(statusSchema, { io: 'input' }),
  };
}

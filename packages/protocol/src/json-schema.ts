import * as z from 'zod/mini';
import { wireMessage } from './message.ts';

/** The JSON Schema (2020-12) of a message, for people who write senders and receivers in other languages. */
export function tokenMessageJsonSchema(): Record<string, unknown> {
  return {
    title: 'Token message',
    description:
      'One message on the token socket, in UTF-8. Unknown members are ignored. The receiver answers OK, or ERROR and a code.',
    ...z.toJSONSchema(wireMessage, { io: 'input' }),
  };
}

/** The text of docs/token-message.schema.json. */
export function tokenMessageJsonSchemaText(): string {
  const text = JSON.stringify(tokenMessageJsonSchema(), undefined, 2);
  // Short lists on one line, as the formatter of this project writes them.
  return `${text.replaceAll(/\[\s+((?:"[^"]*",?\s+)+)\]/g, (_, items: string) => `[${items.trim().replaceAll(/\s+/g, ' ')}]`)}\n`;
}

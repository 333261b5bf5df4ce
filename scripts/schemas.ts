/** Writes docs/*.schema.json from what the code reads. `npm run schema` then formats them. */
import { writeFileSync } from 'node:fs';
import { statusJsonSchema } from '../apps/sender/src/status/status-schema.ts';
import { tokenMessageJsonSchemaText } from '../packages/protocol/src/json-schema.ts';

writeFileSync('docs/token-message.schema.json', tokenMessageJsonSchemaText());
writeFileSync('docs/status.schema.json', JSON.stringify(statusJsonSchema()));

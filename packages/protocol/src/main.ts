import { tokenMessageJsonSchemaText } from './json-schema.ts';

// This package is compiled without the types of any platform.
declare const console: { log: (text: string) => void };

/** Prints the JSON Schema of the token message. */
console.log(tokenMessageJsonSchemaText().trimEnd());

import * as z from 'zod/mini';
import { ConfigurationError } from '../configuration-error.ts';
import { meant } from './nearest.ts';
import { readSecretText } from './secret-text.ts';
import { formatPath, schemaProblem } from './schema-problem.ts';
import { parseYaml } from './yaml-text.ts';

/**
 * Reads a file that holds secrets. It is refused when its group or others can read it, and nothing of its content gets
 * into a message: a wrong value is named by its member, an unknown member only by its line.
 *
 * Rejects with ConfigurationError `config_missing`, `config_unreadable`, `config_invalid` or `config_too_open`.
 */
export async function readSecretYaml<Shape extends z.core.$ZodShape>(
  file: string,
  schema: z.ZodMiniObject<Shape, z.core.$ZodObjectConfig>,
  options: { credentialsDirectory?: string } = {},
): Promise<z.output<typeof schema>> {
  const text = await readSecretText(file, options);
  const parsed = await parseYaml(text);
  if (!parsed.ok) {
    throw new ConfigurationError('config_invalid', 'not valid YAML; each line reads name: "value"', {
      file,
      line: parsed.line,
    });
  }
  if (parsed.value === undefined) {
    const needed = Object.keys(schema.shape).join(', ');
    throw new ConfigurationError('config_invalid', `the file is empty; it needs ${needed}`, { file });
  }
  const result = z.safeParse(schema, parsed.value);
  if (result.success) return result.data;

  const { problem, path, unknownKey } = schemaProblem(schema, result.error.issues, parsed.value);
  const place = { file, line: parsed.lineOf(path) };
  if (unknownKey !== undefined) {
    const problem = `unknown name on this line${meant(unknownKey, Object.keys(schema.shape))}`;
    throw new ConfigurationError('config_invalid', problem, place);
  }
  const member = path.length === 0 ? 'the file' : formatPath(path);
  throw new ConfigurationError('config_invalid', `${member} ${problem}`, place);
}

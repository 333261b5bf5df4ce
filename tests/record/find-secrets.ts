/** Looks for secrets in lines, as they are and in every form that a program may write them in. */

/** A shorter one is a word that turns up by itself. */
const MIN_LENGTH = 10;

export interface Finding {
  /** counted from 1 */
  readonly line: number;
  /** `as it is`, `base64`, … */
  readonly form: string;
  /** the line, the secret masked */
  readonly masked: string;
}

/** So many characters of a form are looked for first: all of it only where these are. */
const HEAD = 10;

export class SecretFinder {
  readonly #byHead = new Map<string, { readonly form: string; readonly text: string }[]>();
  /** How many secrets are looked for. */
  readonly count: number;

  constructor(secrets: Iterable<string>) {
    const wanted = new Set([...secrets].filter(({ length }) => length >= MIN_LENGTH));
    this.count = wanted.size;
    for (const secret of wanted) {
      for (const [form, text] of formsOf(secret)) {
        const head = text.slice(0, HEAD);
        const same = this.#byHead.get(head) ?? [];
        same.push({ form, text });
        this.#byHead.set(head, same);
      }
    }
  }

  /** One finding for a line, of the secret that comes first. */
  lookAt(line: string): Omit<Finding, 'line'> | undefined {
    for (let start = 0; start + HEAD <= line.length; start += 1) {
      const found = this.#byHead.get(line.slice(start, start + HEAD))?.find(({ text }) => line.startsWith(text, start));
      if (found !== undefined) return { form: found.form, masked: line.replaceAll(found.text, '*****') };
    }
    return undefined;
  }

  findings(text: string): readonly Finding[] {
    return text.split('\n').flatMap((line, index) => {
      const found = this.lookAt(line);
      return found === undefined ? [] : [{ line: index + 1, ...found }];
    });
  }
}

/** Alternating: what it is called, and the text. Forms that are the same as an earlier one are left out. */
export function formsOf(secret: string): readonly (readonly [form: string, text: string])[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  const forms: (readonly [string, string])[] = [
    ['as it is', secret],
    ['JSON', JSON.stringify(secret).slice(1, -1)],
    ['percent-encoded', encodeURIComponent(secret.toWellFormed())],
    ['percent-encoded, every byte', hex.toUpperCase().replaceAll(/../g, '%$&')],
    ['form', new URLSearchParams({ _: secret }).toString().slice(2)],
    ['hex', hex],
    ['hex', hex.toUpperCase()],
    // Wherever it stands in what was encoded: with 0, 1 or 2 bytes before it, less the letters that depend on its neighbours.
    ...[0, 1, 2].flatMap((before) => {
      const skipped = before === 0 ? 0 : before + 1;
      const whole = Math.floor(((before + bytes.length) * 8) / 6);
      const text = Buffer.concat([Buffer.alloc(before), bytes])
        .toString('base64')
        .slice(skipped, whole);
      return [
        ['base64', text],
        ['base64url', text.replaceAll('+', '-').replaceAll('/', '_')],
      ] as const;
    }),
  ];
  return [...new Map(forms.toReversed().map(([form, text]) => [text, form]))].map(
    ([text, form]) => [form, text] as const,
  );
}

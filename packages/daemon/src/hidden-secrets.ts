const MAX_SECRETS = 64;
/** Anything shorter is a word that turns up by itself, and is no secret worth the name. */
const MIN_LENGTH = 8;

/** What stands in a secret's place; a function is asked only when the secret does turn up. */
export type ShownInstead = string | (() => string);

/** The safety net under "no secret in a log": the last 64 secrets that passed through, and what to print for each. */
export class HiddenSecrets {
  readonly #replacements = new Map<string, { forms: string[]; shown: ShownInstead }>();

  /** From now on `secret` (of at least 8 characters) is printed as `shown`, also as JSON and URLs write it. */
  add(secret: string, shown: ShownInstead): void {
    if (secret.length < MIN_LENGTH) return;
    this.#replacements.delete(secret);
    const forms = new Set([secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret.toWellFormed())]);
    this.#replacements.set(secret, { forms: [...forms], shown });
    const oldest = this.#replacements.keys().next();
    if (this.#replacements.size > MAX_SECRETS && oldest.done !== true) this.#replacements.delete(oldest.value);
  }

  hideIn(line: string): string {
    let clean = line;
    for (const { forms, shown } of this.#replacements.values()) {
      for (const form of forms)
        if (clean.includes(form)) clean = clean.replaceAll(form, () => (typeof shown === 'string' ? shown : shown()));
    }
    return clean;
  }
}

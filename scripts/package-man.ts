/** The man pages: packaging/man has the words, and what the programs say of themselves takes the place of `@…@`. Pure. */
import type { CommandFacts, OptionFacts, ProgramFacts, SettingFacts } from './package-commands.ts';

/** What each exit code says, in the words of the man page; every code of `ExitCode` has to be here. */
const EXIT_WORDS: Readonly<Record<number, string>> = {
  0: 'Done.',
  1: 'Failed; the message on standard error says why.',
  2: 'The command line is wrong.',
  69: 'The daemon does not run, or cannot be reached.',
  75: 'Nothing is wrong for good: the same command may work later.',
  77: 'Schwab no longer accepts the login: log in again.',
  78: 'The configuration has to be changed before this can work. systemd does not restart a daemon that ended so.',
};

export interface ManPageOptions {
  readonly template: string;
  readonly program: ProgramFacts;
  readonly version: string;
  readonly date: Date;
  readonly exitCodes: readonly number[];
}

/** @throws Error if the template has a place for something that is not there, or an exit code has no words */
export function manPage({ template, program, version, date, exitCodes }: ManPageOptions): string {
  const parts: Readonly<Record<string, string>> = {
    date: date.toISOString().slice(0, 10),
    version,
    synopsis: program.commands
      .flatMap((command) =>
        command.commands.length > 0 ? command.commands.map((child) => [command, child]) : [[command]],
      )
      .map(
        (path) =>
          `.B ${roff(program.name)}\n${path.map((command) => `.B ${roff(command.name)}`).join('\n')}\n${usage(path.at(-1))}`,
      )
      .join('\n.br\n'),
    commands: program.commands.map((command) => commandText(command)).join('\n'),
    settings: program.settings.map(settingText).join('\n'),
    'exit-status': exitCodes.map((code) => `.TP\n.B ${code}\n${roff(exitWords(code))}`).join('\n'),
  };
  const page = template.replace(/@([a-z-]+)@/g, (_, name: string) => {
    const part = parts[name];
    if (part === undefined) throw new Error(`the man page of ${program.name} has no part @${name}@`);
    return part;
  });
  return page.split('\n').flatMap(wrapped).join('\n');
}

/** Lines of text of at most 79 characters; a new one is never taken for an instruction. */
function wrapped(line: string): string[] {
  if (line.length < 80 || line.startsWith('.')) return [line];
  const lines: string[] = [];
  for (const word of line.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < 79) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(/^[.']/.test(word) ? `\\&${word}` : word);
  }
  return lines;
}

function exitWords(code: number): string {
  const words = EXIT_WORDS[code];
  if (words === undefined) throw new Error(`exit code ${code} has no words: add them to EXIT_WORDS`);
  return words;
}

/** Text in which nothing is an instruction to roff. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('…', '...')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replaceAll("'", '\\(aq')
    .replace(/^([.'])/gm, '\\&$1');
}

function usage(command: CommandFacts | undefined): string {
  if (command === undefined) return '';
  const options = command.options.filter(({ hidden }) => !hidden).map((option) => `[${optionText(option)}]`);
  const settings = command.takesSettings ? ['[\\fIsetting\\fR ...]\\&'] : [];
  return [...options, ...settings, ...command.arguments.map(argumentText)].join('\n');
}

function argumentText({ name, required, variadic }: CommandFacts['arguments'][number]): string {
  const text = `\\fI${roff(name)}\\fR${variadic ? ' ...' : ''}`;
  return required ? text : `[${text}]\\&`;
}

function optionText({ flag, short, value, valueOptional }: OptionFacts): string {
  const names = [...(short === undefined ? [] : [short]), flag].map((name) => `\\fB${roff(name)}\\fR`).join(', ');
  if (value === undefined) return names;
  return valueOptional ? `${names}[=\\fI${roff(value)}\\fR]` : `${names} \\fI${roff(value)}\\fR`;
}

function commandText(command: CommandFacts, parents = ''): string {
  const name = `${parents}${command.name}`;
  if (command.commands.length > 0) return command.commands.map((child) => commandText(child, `${name} `)).join('\n');
  const head = [`\\fB${roff(name)}\\fR`, ...command.arguments.map(argumentText)].join(' ');
  const options = command.options
    .filter(({ hidden }) => !hidden)
    .map(
      (option) => `.RS\n.TP\n${optionText(option)}\n${sentence(optionDescription(option))}${defaultText(option)}\n.RE`,
    );
  return [`.TP\n${head}\n${sentence(command.description)}`, ...options].join('\n');
}

function optionDescription({ description, choices }: OptionFacts): string {
  return choices === undefined ? description : `one of ${choices.join(', ')}`;
}

function defaultText({ defaultValue }: { readonly defaultValue: string | undefined }): string {
  return defaultValue === undefined ? '' : `\nDefault:\n.BR ${roff(defaultValue)} .`;
}

function settingText(setting: SettingFacts): string {
  const { key, flag, variable, value, boolean, description, example } = setting;
  const choices = value.includes('|')
    ? `\\fB${value.split('|').map(roff).join('\\fR|\\fB')}\\fR`
    : `\\fI${roff(value)}\\fR`;
  const shown = boolean ? `[=${choices}]` : ` ${choices}`;
  return [
    `.TP\n\\fB${roff(flag)}\\fR${shown}`,
    sentence(description) + defaultText(setting),
    ...(example === undefined ? [] : [`Example:\n.BR ${roff(example)} .`]),
    `.br\n.BR ${key} : ,\n.B ${variable}`,
  ].join('\n');
}

/** A description of the command line as a sentence. A line of its own for each sentence is how roff spaces them. */
function sentence(description: string): string {
  const isWord = /^(true|false)\b/.test(description);
  const text = roff(isWord ? description : description.charAt(0).toUpperCase() + description.slice(1));
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

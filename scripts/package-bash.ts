/** Completion for bash, of every command, option and choice that a program has. Needs nothing but bash. Pure. */
import type { CommandFacts, OptionFacts, ProgramFacts } from './package-commands.ts';

/** What comes after an option, in the terms of compgen. */
type Completion = { readonly kind: 'words'; readonly words: readonly string[] } | { readonly kind: 'file' | 'none' };

export function bashCompletion(program: ProgramFacts): string {
  const name = `_${program.name.replaceAll('-', '_')}`;
  return `# bash completion for ${program.name}; made from the program itself
${name}() {
  local cur prev word path='' options='' commands='' files='' value=''
  local -i index
  COMPREPLY=()
  cur=\${COMP_WORDS[COMP_CWORD]}
  prev=\${COMP_WORDS[COMP_CWORD-1]}
  # --option=value comes as three words, because = is in COMP_WORDBREAKS.
  if [[ $cur == = ]]; then
    value=$prev cur=''
  elif [[ $prev == = ]]; then
    value=\${COMP_WORDS[COMP_CWORD-2]}
  elif [[ $prev == --* ]]; then
    value=$prev
  fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    case $path/$word in
${paths(program)
  .map((path) => `      ${path}) path=${path} ;;`)
  .join('\n')}
    esac
  done
  local settings='${settingFlags(program).join(' ')}'
  case $path in
${cases(program)}
  esac
  case "$path $value" in
${valueCases(program)}
  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
  elif [[ -n $commands ]]; then
    COMPREPLY=($(compgen -W "$commands" -- "$cur"))
  elif [[ -n $files ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
  fi
}
complete -F ${name} ${program.name}
`;
}

/** `/tokens/import` */
function paths(command: CommandFacts, parent = ''): string[] {
  return command.commands.flatMap((child) => [`${parent}/${child.name}`, ...paths(child, `${parent}/${child.name}`)]);
}

/** One for each command: what may stand after it. */
function cases(command: CommandFacts, path = ''): string {
  const own = [...command.options.filter(({ hidden }) => !hidden).flatMap(names), '-h', '--help'];
  const here = [
    `    ${path === '' ? "''" : path})`,
    `      options="${own.join(' ')}${command.takesSettings ? ' $settings' : ''}"`,
    ...(command.commands.length === 0
      ? []
      : [`      commands='${[...command.commands.map((child) => child.name), 'help'].join(' ')}'`]),
    ...(command.arguments.length === 0 ? [] : ['      files=yes']),
    '      ;;',
  ];
  return [here.join('\n'), ...command.commands.map((child) => cases(child, `${path}/${child.name}`))].join('\n');
}

function names({ flag, short }: OptionFacts): string[] {
  return short === undefined ? [flag] : [short, flag];
}

function settingFlags(program: ProgramFacts): string[] {
  const flags = program.settings.flatMap(({ flag, boolean }) =>
    boolean ? [flag, flag.replace('--', '--no-')] : [flag],
  );
  return ['--config', ...flags];
}

function valueCases(program: ProgramFacts): string {
  const ofValue = new Map<string, string[]>();
  for (const { path, flag, value, mayBeLeftOut } of valuedOptions(program)) {
    const action = actionOf(completionOf(value), mayBeLeftOut);
    ofValue.set(action, [...(ofValue.get(action) ?? []), path === undefined ? `*' ${flag}'` : `'${path} ${flag}'`]);
  }
  return [...ofValue].map(([action, patterns]) => `    ${patterns.join(' | ')})\n${action}\n      ;;`).join('\n');
}

interface Valued {
  /** of the command that takes it; undefined: all */
  readonly path: string | undefined;
  readonly flag: string;
  readonly value: string;
  /** the value is then given only as --option=value, and the next word is something else */
  readonly mayBeLeftOut: boolean;
}

function valuedOptions(program: ProgramFacts): Valued[] {
  const ofCommands = (command: CommandFacts, path = ''): Valued[] => [
    ...command.options.flatMap(({ flag, value, valueOptional, choices }) =>
      value === undefined ? [] : [{ path, flag, value: choices?.join('|') ?? value, mayBeLeftOut: valueOptional }],
    ),
    ...command.commands.flatMap((child) => ofCommands(child, `${path}/${child.name}`)),
  ];
  const ofSettings = program.settings.map(({ flag, value, boolean }) => ({ flag, value, mayBeLeftOut: boolean }));
  return [
    ...[{ flag: '--config', value: 'path', mayBeLeftOut: false }, ...ofSettings].map((each) => ({
      path: undefined,
      ...each,
    })),
    ...ofCommands(program),
  ];
}

function completionOf(value: string): Completion {
  if (value.includes('|')) return { kind: 'words', words: value.split('|') };
  return { kind: value === 'path' ? 'file' : 'none' };
}

function actionOf(completion: Completion, mayBeLeftOut: boolean): string {
  const test = mayBeLeftOut ? '      if [[ $cur != -* ]]; then\n        ' : '      ';
  const end = mayBeLeftOut ? '\n      fi' : '';
  switch (completion.kind) {
    case 'words':
      return `${test}COMPREPLY=($(compgen -W '${completion.words.join(' ')}' -- "$cur")); return${end}`;
    case 'file':
      return `${test}compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return${end}`;
    case 'none':
      return `${test}return${end}`;
  }
}

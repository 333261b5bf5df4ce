/** Completion for zsh, of every command, option and choice that a program has, with their descriptions. Pure. */
import type { CommandFacts, OptionFacts, ProgramFacts, SettingFacts } from './package-commands.ts';

export function zshCompletion(program: ProgramFacts): string {
  const name = `_${program.name.replaceAll('-', '_')}`;
  return `#compdef ${program.name}
# zsh completion for ${program.name}; made from the program itself

${name}() {
  local -a settings
  settings=(
${[spec({ flag: '--config', description: 'settings file', value: 'path' }), ...program.settings.flatMap(settingSpecs)]
  .map((line) => `    ${line}`)
  .join('\n')}
  )
${body(program, name)}
}

${program.commands
  .filter(({ commands }) => commands.length > 0)
  .map((command) => `${name}_${command.name}() {\n${body(command, `${name}_${command.name}`)}\n}\n\n`)
  .join('')}${name} "$@"
`;
}

/** Completes a command among `commands`, and then what stands after it. */
function body(parent: CommandFacts, name: string): string {
  const described = parent.commands.map((child) => quoted(`${child.name}:${child.description}`));
  return `  local curcontext=$curcontext state line
  local -A opt_args
  local -a commands
  commands=(
${described.map((line) => `    ${line}`).join('\n')}
    'help:show the options of a command'
  )
  _arguments -C ${[...parent.options.flatMap(optionSpecs), HELP].join(' ')} '1: :->command' '*:: :->rest' && return
  case $state in
    command) _describe command commands ;;
    rest)
      case $words[1] in
${parent.commands.map((child) => `        ${child.name}) ${after(child, name)} ;;`).join('\n')}
      esac
      ;;
  esac`;
}

const HELP = "'(- *)'{-h,--help}'[show the options]'";

function after(command: CommandFacts, parent: string): string {
  if (command.commands.length > 0) return `${parent}_${command.name}`;
  const specs = [
    ...(command.takesSettings ? ['$settings'] : []),
    ...command.options.flatMap(optionSpecs),
    HELP,
    ...command.arguments.map(({ name, variadic }, index) => `'${variadic ? '*' : index + 1}:${name}:_files'`),
  ];
  return `_arguments ${specs.join(' ')}`;
}

function settingSpecs({ flag, description, value, boolean }: SettingFacts): string[] {
  if (!boolean) return [spec({ flag, description, value })];
  return [
    spec({ flag, description, value, optional: true }),
    spec({ flag: flag.replace('--', '--no-'), description: `the same as ${flag} false` }),
  ];
}

function optionSpecs({ flag, short, description, value, choices, valueOptional, hidden }: OptionFacts): string[] {
  if (hidden) return [];
  const shown = { description, value: choices?.join('|') ?? value, optional: valueOptional };
  return [flag, ...(short === undefined ? [] : [short])].map((name) => spec({ flag: name, ...shown }));
}

interface Spec {
  readonly flag: string;
  readonly description: string;
  readonly value?: string | undefined;
  readonly optional?: boolean;
}

/** For `_arguments`: `--name=[description]:value:action`. */
function spec({ flag, description, value, optional = false }: Spec): string {
  const text = description.replace(/[[\]\\]/g, '\\$&');
  if (value === undefined) return quoted(`${flag}[${text}]`);
  const action = value.includes('|') ? `(${value.replaceAll('|', ' ')})` : value === 'path' ? '_files' : '';
  const message = value.includes('|') ? 'one of them' : value.replaceAll(':', '\\:');
  return quoted(`${flag}=${optional ? '-' : ''}[${text}]${optional ? '::' : ':'}${message}:${action}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

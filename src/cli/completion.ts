import type { Argument, Command, Option } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** Options whose value is a file. */
const FILES = ['--rejects'];
/** Arguments that are files. */
const FILE_ARGUMENT = 'file';
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  'dead-letters': ['list', 'show', 'send-back', 'discard'],
};

/** What may be typed behind one command. */
interface Completions {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionCompletion[];
  readonly words: readonly string[];
  readonly files: boolean;
}

interface OptionCompletion {
  readonly flags: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
  readonly files: boolean;
}

/** A script for a shell, made from the commands themselves. */
export function completionScript(program: Command, shell: Shell): string {
  const commands = program.commands.map(completionsOf);
  if (shell === 'bash') return bashScript(program.name(), commands);
  return shell === 'zsh' ? zshScript(program.name(), commands) : fishScript(program.name(), commands);
}

function completionsOf(command: Command): Completions {
  const args = command.registeredArguments;
  return {
    name: command.name(),
    description: command.description(),
    options: [...command.options.map(optionCompletion), HELP],
    words: [...args.flatMap(({ argChoices = [] }: Argument) => argChoices), ...(ACTIONS[command.name()] ?? [])],
    files: args.some((argument) => argument.name() === FILE_ARGUMENT),
  };
}

const HELP: OptionCompletion = {
  flags: ['-h', '--help'],
  description: 'help with examples',
  takesValue: false,
  choices: [],
  files: false,
};

function optionCompletion(option: Option): OptionCompletion {
  const flags = [option.short, option.long].filter((flag) => flag !== undefined);
  return {
    flags,
    description: option.description,
    takesValue: option.required,
    choices: option.argChoices ?? [],
    files: flags.some((flag) => FILES.includes(flag)),
  };
}

function bashScript(program: string, commands: readonly Completions[]): string {
  const cases = commands.map(({ name, options, words, files }) => {
    const values = options
      .filter(({ takesValue }) => takesValue)
      .map((option) => `        ${option.flags.join('|')}) ${bashValue(option)}; return ;;`);
    const flags = options.flatMap((option) => option.flags);
    return [
      `    ${name})`,
      '      case "$previous" in',
      ...values,
      '      esac',
      `      if [[ $current == -* ]]; then ${bashReply(flags)}; else ${files ? BASH_FILES : bashReply(words)}; fi ;;`,
    ].join('\n');
  });
  return `# bash completion for ${program}
_${program}() {
  # One match a line: names of files may hold blanks.
  local IFS=$'\\n' current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    ${bashReply([...commands.map(({ name }) => name), '--help'])}
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
}
complete -o filenames -F _${program} ${program}
`;
}

const BASH_FILES = 'COMPREPLY=($(compgen -f -- "$current"))';

function bashReply(words: readonly string[]): string {
  return `COMPREPLY=($(compgen -W $'${words.join('\\n')}' -- "$current"))`;
}

function bashValue({ choices, files }: OptionCompletion): string {
  if (files) return BASH_FILES;
  return choices.length === 0 ? ':' : bashReply(choices);
}

function zshScript(program: string, commands: readonly Completions[]): string {
  const cases = commands.map(({ name, options, words, files }) => {
    const specs = options.map((option) => {
      const value = option.takesValue ? `:value:${zshValue(option)}` : '';
      const text = `[${zshText(option.description)}]${value}`;
      const [one, other] = option.flags;
      return other === undefined ? `'${one}${text}'` : `'(${one} ${other})'{${one},${other}}'${text}'`;
    });
    const rest = files ? "'*:file:_files'" : `'*:argument:(${words.join(' ')})'`;
    return `        ${name}) _arguments ${[...specs, rest].join(' ')} ;;`;
  });
  return `#compdef ${program}
# zsh completion for ${program}
_${program}() {
  local -a commands
  commands=(
${commands.map(({ name, description }) => `    '${name}:${zshText(description)}'`).join('\n')}
  )
  _arguments -C '1: :->command' '*:: :->argument'
  case $state in
    command) _describe -t commands '${program} command' commands ;;
    argument)
      case $words[1] in
${cases.join('\n')}
      esac ;;
  esac
}
if [[ $funcstack[1] == _${program} ]]; then _${program} "$@"; else compdef _${program} ${program}; fi
`;
}

function zshValue({ choices, files }: OptionCompletion): string {
  if (files) return '_files';
  return choices.length === 0 ? ' ' : `(${choices.join(' ')})`;
}

function zshText(text: string): string {
  return text.replace(/'/g, '’').replace(/[[\]:\\]/g, '\\$&');
}

function fishScript(program: string, commands: readonly Completions[]): string {
  const lines = [`# fish completion for ${program}`, `complete -c ${program} -f`];
  for (const { name, description, options, words, files } of commands) {
    lines.push(`complete -c ${program} -n __fish_use_subcommand -a ${name} -d '${fishText(description)}'`);
    const there = `complete -c ${program} -n '__fish_seen_subcommand_from ${name}'`;
    for (const option of options) lines.push(`${there} ${fishOption(option)}`);
    if (files) lines.push(`${there} -F`);
    if (words.length > 0) lines.push(`${there} -a '${words.join(' ')}'`);
  }
  return `${lines.join('\n')}\n`;
}

function fishOption({ flags, description, takesValue, choices, files }: OptionCompletion): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const value = files ? '-r -F' : `-x${choices.length === 0 ? '' : ` -a '${choices.join(' ')}'`}`;
  return [...names, ...(takesValue ? [value] : []), `-d '${fishText(description)}'`].join(' ');
}

function fishText(text: string): string {
  return text.replace(/'/g, '’');
}

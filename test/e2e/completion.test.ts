import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { printProgress } from '../../infrastructure/progress.ts';
import { reasonWithoutPrograms } from '../../infrastructure/programs.ts';
import { bash, folderOfContacts, type Ended } from '../integration/producers/page-commands.ts';

const LIMIT_MS = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'contacts-completion-'));
const path = `${folderOfContacts()}${delimiter}${process.env['PATH']}`;
const env = { PATH: path, HOME: folder, ZDOTDIR: folder, TERM: 'xterm', LANG: 'C.UTF-8' };
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a program in a folder with files to complete. */
async function run(commands: string): Promise<Ended> {
  const ended = await bash(commands, { cwd: folder, env, limitMs: LIMIT_MS });
  if (ended.code !== 0) throw new Error(`${commands}\n${ended.err}${ended.out}`);
  return ended;
}

/** What a shell offers for the last word of a line. */
type Offer = (line: string) => Promise<readonly string[]>;

interface Shell {
  readonly name: 'bash' | 'zsh' | 'fish';
  /** Installs the completion as docs/cli.md says. */
  readonly install: () => Promise<unknown>;
  readonly offered: Offer;
}

/** Loads the completion as an interactive shell does, and calls what it has registered. */
const bashOffers: Offer = async (line) => {
  const words = `COMP_WORDS=(${line}${line.endsWith(' ') ? " ''" : ''}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))`;
  const call = `read -r _ _ _ _ call _ <<< "$(complete -p contacts)"; "$call"; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return wordsOf((await run(`source <(contacts completion bash); ${words}; ${call}`)).out);
};

/** Asks a zsh with a terminal: its completion runs in the line editor only. */
const zshOffers: Offer = async (line) => {
  writeFileSync(join(folder, '.zshrc'), ZSHRC);
  rmSync(join(folder, 'offered'), { force: true });
  const onTerminal = { cwd: folder, env: { ...env, LINE: line }, timeout: LIMIT_MS };
  await promisify(execFile)('script', ['-qec', 'zsh -d -i', '/dev/null'], onTerminal);
  return wordsOf(readFileSync(join(folder, 'offered'), 'utf8'));
};

/** Notes all matches that are added, then leaves the shell. */
const ZSHRC = `
fpath=("$ZDOTDIR" $fpath)
autoload -Uz compinit && compinit -u -d "$ZDOTDIR/dump"
typeset -ga found=()
compadd() {
  local -a added
  # With these options matches are only filtered.
  if (( ! \${argv[(I)-[OAD]]} )); then builtin compadd -A added "$@"; found+=("\${added[@]}"); fi
  builtin compadd "$@"
}
offer() { _main_complete; compstate[insert]=; compstate[list]= }
zle -C offer complete-word offer
zle-line-init() {
  BUFFER=$LINE CURSOR=\${#LINE}
  zle offer
  print -rl -- "\${found[@]}" > "$ZDOTDIR/offered"
  BUFFER='exit 0'
  zle accept-line
}
zle -N zle-line-init
`;

const fishOffers: Offer = async (line) => {
  // Behind a tab is the description.
  const { out } = await run(`fish -c 'complete --do-complete "$argv"' -- ${JSON.stringify(line)}`);
  return wordsOf(out).map((word) => word.split('\t', 1)[0] ?? '');
};

const SHELLS: readonly Shell[] = [
  { name: 'bash', install: () => Promise.resolve(), offered: bashOffers },
  { name: 'zsh', install: () => run('contacts completion zsh > "$ZDOTDIR/_contacts"'), offered: zshOffers },
  {
    name: 'fish',
    install: () =>
      run('mkdir -p ~/.config/fish/completions && contacts completion fish > ~/.config/fish/completions/contacts.fish'),
    offered: fishOffers,
  },
];

function wordsOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim().replaceAll('\\', ''))
    .filter((line) => line !== '')
    .toSorted();
}

const reason = await reasonWithoutPrograms(['bash', 'zsh', 'fish'], 'to test the completion in the real shells');
if (reason !== undefined) printProgress(`COMPLETION IS NOT TESTED in zsh and fish: ${reason}.`);

describe.skipIf(reason !== undefined).each(SHELLS)('$name', ({ install, offered }) => {
  beforeAll(async () => {
    for (const name of ['people.csv', 'two words.csv']) writeFileSync(join(folder, name), '');
    await install();
  });

  test.each<[line: string, expected: readonly string[]]>([
    ['contacts e', ['export']],
    ['contacts list --p', ['--page', '--per-page']],
    ['contacts import --format ', ['csv', 'ndjson', 'vcf', 'xml']],
    ['contacts get -o t', ['table']],
    ['contacts schema ', ['asyncapi', 'xsd']],
    ['contacts completion ', ['bash', 'fish', 'zsh']],
    ['contacts dead-letters s', ['send-back', 'show']],
    ['contacts import peo', ['people.csv']],
    ['contacts import --rejects peo', ['people.csv']],
    ['contacts import --dry-run peo', ['people.csv']],
    ['contacts import two', ['two words.csv']],
    ['contacts list --email ', []],
  ])('%s', async (line, expected) => {
    expect(await offered(line)).toEqual(expected);
  });

  test('every command is offered', async () => {
    const { out } = await run('contacts --help');
    const listed = /Commands:\n([^]*?)\n\n/.exec(out)?.[1] ?? '';
    const commands = [...listed.matchAll(/^ {2}([a-z-]+)/gm)].map(([, name]) => name).filter((name) => name !== 'help');
    expect(await offered('contacts ')).toEqual(expect.arrayContaining(commands));
  });
});

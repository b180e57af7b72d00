import { Argument, type Command } from 'commander';

import { SHELLS, completionScript, type Shell } from '../completion.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { addExamples } from '../options.ts';
import type { Run } from '../run.ts';

export function addCompletion(program: Command, run: Run): void {
  const command = program.command('completion').description('Print a script that completes commands and options.');
  addExamples(
    command.addArgument(new Argument('<shell>', 'which shell').choices(SHELLS)),
    'source <(contacts completion bash)                                       # in ~/.bashrc',
    'contacts completion zsh > "${fpath[1]}/_contacts"                        # zsh',
    'contacts completion fish > ~/.config/fish/completions/contacts.fish      # fish',
  ).action(
    run(async (around, _options, [shell]: [Shell]) => {
      await around.stdout.write(completionScript(program, shell));
      return EXIT_CODES.ok;
    }),
  );
}

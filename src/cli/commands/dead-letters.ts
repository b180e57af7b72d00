import type { Command } from 'commander';
import type { ExitCode } from '../exit-codes.ts';

import { addQueue, type CommonOptions } from '../options.ts';
import type { Run } from '../run.ts';

/**
 * Adds dead-letters, which reads its own arguments: its options and exit codes are those of
 * docs/dead-letters.md.
 */
export function addDeadLetters(program: Command, run: Run): void {
  addQueue(
    program
      .command('dead-letters')
      .description('Look at requests that failed for good, send them back or discard them.')
      .helpOption(false)
      .allowUnknownOption()
      .passThroughOptions(),
  )
    .argument('[args...]')
    .action(
      run(async (around, { url, queue, queues }: CommonOptions, [args]: [readonly string[]]) => {
        return (await around.deadLetters(args, { url, queue, queues })) as ExitCode;
      }),
    );
}

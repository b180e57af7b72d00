import type { Command } from 'commander';

import { EXIT_CODES } from '../exit-codes.ts';
import { addExamples, seconds } from '../options.ts';
import type { Run } from '../run.ts';

interface ClaimsOptions {
  /** Seconds. */
  readonly wait: number;
}

export function addClaims(program: Command, run: Run): void {
  const command = program
    .command('claims')
    .description('Prepare a database for sharding: give every contact its claim. Needs MONGODB_URL.')
    .option('--wait <seconds>', 'how long workers without claims may still need for their last creates', seconds, 60);
  addExamples(command, 'MONGODB_URL=mongodb://db/contacts contacts claims').action(
    run(async (around, { wait }: ClaimsOptions) => {
      const { contacts, added, marked, removed } = await around.fillClaims(wait * 1_000);
      await around.stdout.write(
        `claims are complete: ${contacts} contacts, ${added} claims added, ${marked} marked as deleted, ${removed} unused ones removed\n`,
      );
      return EXIT_CODES.ok;
    }),
  );
}

import { Option, type Command } from 'commander';

import { EXIT_CODES } from '../exit-codes.ts';
import { allContacts, MEASURED_COSTS } from '../export/read.ts';
import { writerOf } from '../formats/write.ts';
import {
  addConnection,
  addExamples,
  FILE_FORMATS,
  positiveInteger,
  type CommonOptions,
  type FileFormat,
} from '../options.ts';
import { withContacts } from '../session.ts';
import type { Run } from '../run.ts';

interface ExportOptions extends CommonOptions {
  readonly format: FileFormat;
  readonly clientId?: number;
}

/** What a worker answers on a page at most, unless it is set otherwise. */
const PER_PAGE = 1_000;
/** As many gets as the client library keeps in flight; up to 100,000 contacts pages are cheaper. */
const HOW = { inFlight: 256, pagedAtLeast: 100_000, costs: MEASURED_COSTS };

export function addExport(program: Command, run: Run): void {
  const command = addConnection(program.command('export').description('Write all contacts to standard output.'))
    .addOption(new Option('--format <format>', 'of the output').choices(FILE_FORMATS).default('csv'))
    .option('--client-id <n>', 'only contacts of this client, and client_id with each', positiveInteger)
    .option('--per-page <n>', 'contacts of one request', positiveInteger, PER_PAGE);
  addExamples(
    command,
    'contacts export --client-id 1 > people.csv',
    'contacts export --format vcf > people.vcf',
    'contacts export --format ndjson | jq -r .email',
  ).action(
    run(async (around, options: ExportOptions & { readonly perPage: number }) =>
      withContacts(around, options, async ({ contacts, call }) => {
        const { format, clientId, perPage } = options;
        const writer = await writerOf(format, clientId);
        await around.stdout.write(writer.head);
        let count = 0;
        const plan = { ...HOW, contacts, clientId, perPage, call };
        for await (const some of allContacts(plan)) {
          await around.stdout.write(some.map(writer.contact).join(''));
          count += some.length;
        }
        await around.stdout.write(writer.tail);
        around.stderr.write(`contacts: ${count} contacts exported.\n`);
        return EXIT_CODES.ok;
      }),
    ),
  );
}

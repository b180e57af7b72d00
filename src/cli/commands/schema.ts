import { Argument, type Command } from 'commander';
import { EXIT_CODES } from '../exit-codes.ts';

import { CommandError } from '../errors.ts';
import { addExamples } from '../options.ts';
import type { Run } from '../run.ts';
import { reasonOf } from '../session.ts';

const FILES = { xsd: 'contacts.xsd', asyncapi: 'asyncapi.yaml' } as const;

export function addSchema(program: Command, run: Run): void {
  const command = program.command('schema').description('Print the contract: XML Schema or AsyncAPI.');
  addExamples(
    command.addArgument(new Argument('<which>', 'which document').choices(Object.keys(FILES))),
    'contacts schema xsd > contacts.xsd',
    'contacts schema asyncapi > asyncapi.yaml',
  ).action(
    run(async (around, _options, [which]: [keyof typeof FILES]) => {
      let text: string;
      try {
        text = await around.schemaFile(FILES[which]);
      } catch (error) {
        throw new CommandError(EXIT_CODES.failed, `The file schema/${FILES[which]} cannot be read: ${reasonOf(error)}`);
      }
      await around.stdout.write(text);
      return EXIT_CODES.ok;
    }),
  );
}

import { readFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';

import { connect } from 'amqplib';

import { ROOT } from '../../infrastructure/command.ts';
import type { Machine } from '../figures.ts';
import type { Testbed } from '../infrastructure/testbed.ts';
import { peerVersions } from '../subjects/peer-versions.ts';
import { isPeer } from '../subjects/peers.ts';

const LIBRARIES = ['amqplib', 'fast-xml-parser', 'mongodb', 'pino', 'xmlbuilder2'];

/** Describes the machine, with the versions of all programs and libraries that take part. */
export async function machineOf(testbed: Testbed): Promise<Machine> {
  const [first] = cpus();
  const connection = await connect(testbed.endpoints.amqpUrl);
  const { product, version } = connection.connection.serverProperties;
  await connection.close();
  const database = await testbed.deployment('worker').contacts.db.admin().buildInfo();
  return {
    processor: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    versions: {
      node: process.version,
      [product]: version,
      database: databaseOf(database),
      ...Object.fromEntries(LIBRARIES.map((name) => [name, versionOf(name)])),
      ...(await peerVersions([...testbed.deployments.keys()].filter(isPeer))),
    },
  };
}

/** The stand-in identifies itself. */
function databaseOf({
  version,
  ferretdb,
}: {
  readonly version?: string;
  readonly ferretdb?: { version?: string };
}): string {
  const front = ferretdb?.version;
  return front === undefined ? `MongoDB ${version}` : `FerretDB ${front} (speaks MongoDB ${version})`;
}

function versionOf(library: string): string {
  const text = readFileSync(join(ROOT, 'node_modules', library, 'package.json'), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

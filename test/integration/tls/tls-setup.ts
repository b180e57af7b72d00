import { afterAll, beforeAll } from 'vitest';

import { freePort } from '../../../infrastructure/addresses.ts';
import { Authority, type Issued } from '../../support/certificates.ts';
import { testWorker, type TestWorker } from '../../support/worker.ts';
import { bash, commandsUnder } from '../producers/page-commands.ts';
import { startTlsBroker, startTlsDatabase, type TlsServer } from '../../support/tls-servers.ts';

/** Servers that demand client certificates, and certificates of two authorities. */
export interface TlsSetup {
  /** Trusted by the servers. */
  readonly authority: Authority;
  /** Unknown to the servers. */
  readonly stranger: Authority;
  /** The worker's valid certificate. */
  readonly client: Issued;
  readonly broker: TlsServer;
  readonly database: TlsServer;
  readonly amqpUrl: string;
  readonly mongodbUrl: string;
  /** Settings with which a worker reaches both servers. */
  readonly settings: Readonly<Record<string, string>>;
}

/** Makes the certificates with the commands of docs/operations/security.md. */
async function asOnThePage(folder: string): Promise<void> {
  const commands = commandsUnder(new URL('../../../docs/operations/security.md', import.meta.url), 'Make certificates');
  // Not for 127.0.0.1, so that a test can ask for a host that the certificate does not name.
  const env = { PATH: process.env['PATH'], SERVER_NAMES: 'DNS:localhost' };
  const { code, err } = await bash(commands, { cwd: folder, env, limitMs: 60_000 });
  if (code !== 0) throw new Error(err);
}

/** Starts the servers for the calling file. Available from the first test on. */
export function tlsSetup(): TlsSetup {
  const setup = {} as { -readonly [name in keyof TlsSetup]: TlsSetup[name] };
  beforeAll(async () => {
    setup.authority = await Authority.madeBy(asOnThePage);
    setup.stranger = await Authority.create('stranger');
    setup.client = setup.authority.found('worker');
    const server = setup.authority.found('server');
    const { ca } = setup.authority;
    [setup.broker, setup.database] = await Promise.all([startTlsBroker(ca, server), startTlsDatabase(ca, server)]);
    setup.amqpUrl = `amqps://guest:guest@localhost:${setup.broker.port}`;
    setup.mongodbUrl = `mongodb://localhost:${setup.database.port}/contacts?tls=true`;
    setup.settings = {
      AMQP_URL: setup.amqpUrl,
      AMQP_TLS_CA: ca,
      AMQP_TLS_CERT: setup.client.cert,
      AMQP_TLS_KEY: setup.client.key,
      MONGODB_URL: setup.mongodbUrl,
      MONGODB_TLS_CA: ca,
      MONGODB_TLS_CERT_KEY: setup.client.both,
    };
  });
  afterAll(async () => {
    await Promise.all([setup.broker?.remove(), setup.database?.remove()]);
    setup.authority?.remove();
    setup.stranger?.remove();
  });
  return setup;
}

/** A worker on servers of the test's own, with its HTTP. */
export interface ServedWorker {
  readonly worker: TestWorker;
  /** Returns the page /readyz. */
  readonly readyz: () => Promise<ReadyPage>;
}

export interface ReadyPage {
  readonly http: number;
  readonly status: string;
  readonly checks: Readonly<Record<string, boolean>>;
  readonly reasons?: Readonly<Record<string, string>>;
}

/** Starts a worker, without waiting for it. The test stops it. */
export async function servedWorker(queue: string, settings: Readonly<Record<string, string>>): Promise<ServedWorker> {
  const port = await freePort();
  const names = { amqpUrl: '', mongodbUrl: '', queue, database: '' };
  const worker = testWorker(names, { ...settings, HTTP_PORT: String(port) });
  worker.start().catch(() => undefined);
  return {
    worker,
    readyz: async () => {
      const response = await fetch(`http://127.0.0.1:${port}/readyz`);
      return { http: response.status, ...((await response.json()) as Omit<ReadyPage, 'http'>) };
    },
  };
}

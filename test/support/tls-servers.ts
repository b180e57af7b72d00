import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GenericContainer, Wait } from 'testcontainers';

import { freePort } from '../../infrastructure/addresses.ts';
import { ROOT, run } from '../../infrastructure/command.ts';
import { ensureDocker } from '../../infrastructure/docker.ts';
import { ensureImages } from '../../infrastructure/images.ts';
import { waitFor } from '../../infrastructure/progress.ts';
import type { Issued } from './certificates.ts';

const START_LIMIT_MS = 120_000;

// The tests remove what they start; the reaper would be one more image to pull.
process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true';

/** A server in a container that only TLS reaches, and only with a client certificate. */
export interface TlsServer {
  /** Docker's id of the container. */
  readonly id: string;
  readonly port: number;
  /** Runs a command inside and returns its output. */
  readonly exec: (...command: readonly string[]) => Promise<string>;
  /** From now on the server shows this certificate to new connections. */
  readonly show: (server: Issued) => Promise<void>;
  readonly remove: () => Promise<void>;
}

/** Starts a broker with config/rabbitmq/tls.conf and `more` files of that folder; its user is guest. */
export async function startTlsBroker(ca: string, server: Issued, more: readonly string[] = []): Promise<TlsServer> {
  await ensureDocker();
  const { rabbitmq } = await ensureImages('rabbitmq');
  const files = new ServerFiles({ 'ca.pem': ca, 'server.pem': server.cert, 'server-key.pem': server.key });
  const port = await freePort();
  const container = await new GenericContainer(rabbitmq)
    .withExposedPorts({ container: 5671, host: port })
    .withEnvironment({ RABBITMQ_DEFAULT_USER: 'guest', RABBITMQ_DEFAULT_PASS: 'guest' })
    .withBindMounts([
      { source: files.folder, target: '/etc/rabbitmq/tls', mode: 'ro' },
      ...['tls.conf', ...more].map((name) => ({
        source: join(ROOT, 'config/rabbitmq', name),
        target: `/etc/rabbitmq/conf.d/90-${name}`,
        mode: 'ro' as const,
      })),
    ])
    .withWaitStrategy(Wait.forLogMessage('Server startup complete'))
    .withStartupTimeout(START_LIMIT_MS)
    .start();
  const { exec, remove } = partsOf(container.getId(), files);
  const show = async ({ cert, key }: Issued): Promise<void> => {
    files.write({ 'server.pem': cert, 'server-key.pem': key });
    await exec('rabbitmqctl', '-q', 'eval', 'ssl:clear_pem_cache().');
  };
  return { id: container.getId(), port, exec, show, remove };
}

/** Starts a database without authentication. */
export async function startTlsDatabase(ca: string, server: Issued): Promise<TlsServer> {
  await ensureDocker();
  const { mongo } = await ensureImages('mongo');
  const files = new ServerFiles({ 'ca.pem': ca, 'server.pem': server.both });
  const port = await freePort();
  const [certificate, authority] = ['/etc/mongodb-tls/server.pem', '/etc/mongodb-tls/ca.pem'];
  const container = await new GenericContainer(mongo)
    .withExposedPorts({ container: 27017, host: port })
    .withBindMounts([{ source: files.folder, target: '/etc/mongodb-tls', mode: 'ro' }])
    .withCommand([
      'mongod',
      '--tlsMode',
      'requireTLS',
      '--tlsCertificateKeyFile',
      certificate,
      '--tlsCAFile',
      authority,
    ])
    .withWaitStrategy(Wait.forListeningPorts())
    .withStartupTimeout(START_LIMIT_MS)
    .start();
  const { exec, remove } = partsOf(container.getId(), files);
  const show = async ({ both }: Issued): Promise<void> => {
    files.write({ 'server.pem': both });
    await run('docker', ['restart', '-t', '10', container.getId()], { limitMs: 60_000 });
    await waitFor('the database', START_LIMIT_MS, () => accepts(port));
  };
  return { id: container.getId(), port, exec, show, remove };
}

function partsOf(id: string, files: ServerFiles): Pick<TlsServer, 'exec' | 'remove'> {
  return {
    exec: (...command) => run('docker', ['exec', id, ...command], { limitMs: 60_000 }),
    remove: async () => {
      await run('docker', ['rm', '-f', '-v', id]);
      files.remove();
    },
  };
}

/** A folder that a server's user may read. */
class ServerFiles {
  readonly folder = mkdtempSync(join(tmpdir(), 'contacts-tls-server-'));

  constructor(files: Readonly<Record<string, string>>) {
    chmodSync(this.folder, 0o755);
    this.write(files);
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [name, path] of Object.entries(files)) {
      const copy = join(this.folder, name);
      copyFileSync(path, copy);
      chmodSync(copy, 0o644);
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Docker's own proxy accepts before the server does, and then closes: a server stays silent. */
function accepts(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (answer: true | undefined): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(300, () => end(true));
    socket.on('error', () => end(undefined));
    socket.on('close', () => resolve(undefined));
  });
}

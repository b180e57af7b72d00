import { cpSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeAll, beforeEach, expect, test } from 'vitest';

import { attempt, ROOT, run } from '../../infrastructure/command.ts';
import { ensureCompose, ensureDocker, ensureOpenssl } from '../../infrastructure/docker.ts';
import { ensureImages } from '../../infrastructure/images.ts';

// Root gives the clone to another user, as the container runs as root on every machine.
const OWNER = process.getuid?.() === 0 ? 4321 : process.getuid!();

let clone: string;
let secrets: string;
let compose: (...args: readonly string[]) => Promise<string>;

beforeAll(async () => {
  await ensureDocker();
  await ensureOpenssl();
  const { mongo } = await ensureImages('mongo');
  const [program, ...first] = await ensureCompose();
  compose = (...args) => {
    const project = ['-p', `contacts-${clone.slice(-6).toLowerCase()}`, '-f', join(clone, 'docker-compose.yml')];
    const env = { MONGO_IMAGE: mongo, RABBITMQ_PORT: '5672' };
    return run(program, [...first, ...project, ...args], { env, limitMs: 120_000 });
  };
}, 600_000);

beforeEach(async () => {
  clone = mkdtempSync(join(tmpdir(), 'contacts-clone-'));
  secrets = join(clone, 'secrets');
  for (const path of ['docker-compose.yml', 'deploy']) cpSync(join(ROOT, path), join(clone, path), { recursive: true });
  if (OWNER !== process.getuid!()) await run('chown', ['-R', `${OWNER}:${OWNER}`, clone]);
  return async () => {
    await compose('down', '-v', '-t', '1');
    rmSync(clone, { recursive: true });
  };
});

/** Runs a command on the host as the clone's owner. */
function asOwner(...command: readonly string[]): Promise<string> {
  const [program, ...args] =
    OWNER === process.getuid!()
      ? command
      : ['setpriv', `--reuid=${OWNER}`, `--regid=${OWNER}`, '--clear-groups', ...command];
  return run(program!, args);
}

/** What each file holds, by its path in the folder. */
function contents(): Record<string, string> {
  const files = readdirSync(secrets, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).toSorted();
  return Object.fromEntries(paths.map((path) => [path.slice(secrets.length + 1), readFileSync(path, 'utf8')]));
}

const passwordsIn = (files: Record<string, string>): [string, string][] =>
  Object.entries(files).filter(([path]) => path.endsWith('_password'));

test('the service makes the secrets of a fresh clone, for the owner of the clone alone', async () => {
  await compose('up', 'secrets');
  expect(Object.keys(contents()).filter((path) => path.includes('/'))).toEqual([
    'for-grafana/grafana_admin_password',
    'for-mongodb-users/mongodb_admin_password',
    'for-mongodb-users/mongodb_worker_password',
    'for-mongodb/mongodb_admin_password',
    'for-rabbitmq/rabbitmq_definitions.json',
    'for-worker/worker_amqp_url',
    'for-worker/worker_mongodb_url',
  ]);
  const modeOf = (path: string): number => lstatSync(join(secrets, path)).mode & 0o777;
  expect([modeOf(''), modeOf('rabbitmq_admin_password'), modeOf('for-worker/worker_amqp_url')]).toEqual([
    0o700, 0o600, 0o444,
  ]);
  for (const path of ['', ...readdirSync(secrets, { recursive: true, encoding: 'utf8' })]) {
    const { uid, gid } = lstatSync(join(secrets, path));
    expect([path, uid, gid]).toEqual([path, OWNER, lstatSync(join(clone, 'deploy')).gid]);
  }
  expect(await asOwner('cat', join(secrets, 'rabbitmq_admin_password'))).toMatch(/^[\da-f]{48}$/);
});

test('a second run changes no password; the owner renews one, on the host or in the container', async () => {
  await compose('up', 'secrets');
  const first = contents();
  await compose('up', 'secrets');
  expect(passwordsIn(contents())).toEqual(passwordsIn(first));

  const renewed = (before: Record<string, string>): string[] => {
    const after = contents();
    return Object.keys(after).filter((path) => after[path] !== before[path] && !path.endsWith('.json'));
  };
  await asOwner('sh', join(clone, 'deploy/secrets.sh'), 'renew', 'mongodb-worker');
  expect(renewed(first)).toEqual([
    'for-mongodb-users/mongodb_worker_password',
    'for-worker/worker_mongodb_url',
    'mongodb_worker_password',
    'worker_mongodb_url',
  ]);
  const second = contents();
  await compose('run', '--rm', '-T', 'secrets', 'renew', 'producer');
  expect(renewed(second)).toEqual(['producer_amqp_url', 'rabbitmq_producer_password']);
});

test('every password but the one that MongoDB keeps can be renewed; a wrong name changes nothing', async () => {
  await compose('up', 'secrets');
  const renew = (...names: readonly string[]) =>
    attempt('sh', [join(clone, 'deploy/secrets.sh'), 'renew', ...names], { limitMs: 60_000 });
  const first = contents();
  for (const names of [[], ['mongodb-admin'], ['worker', 'nobody']]) {
    expect(await renew(...names)).toMatchObject({ code: 2, output: expect.stringContaining(names.at(-1) ?? 'which') });
  }
  expect(contents()).toEqual(first);

  const names = ['worker', 'producer', 'operator', 'admin', 'mongodb-worker', 'grafana-admin'];
  expect((await renew(...names)).code).toBe(0);
  const second = contents();
  const kept = passwordsIn(first).filter(([path, value]) => second[path] === value);
  expect(kept.map(([path]) => path)).toEqual([
    'for-mongodb-users/mongodb_admin_password',
    'for-mongodb/mongodb_admin_password',
    'mongodb_admin_password',
  ]);
  expect(second['for-grafana/grafana_admin_password']).toBe(second['grafana_admin_password']);
});

test("the address of the operator's own server stays, and reaches the worker", async () => {
  await compose('up', 'secrets');
  const own = 'amqps://contacts:pass@broker.example.org';
  rmSync(join(secrets, 'worker_amqp_url'));
  writeFileSync(join(secrets, 'worker_amqp_url'), own);
  await compose('up', 'secrets');
  const { worker_amqp_url: kept, 'for-worker/worker_amqp_url': given } = contents();
  expect([kept, given]).toEqual([own, own]);
});

test('the service leaves no volume behind', async () => {
  await compose('up', 'secrets');
  const id = await compose('ps', '-aq', 'secrets').catch(() => compose('ps', '-q', 'secrets'));
  const { stdout } = await attempt('docker', ['inspect', '-f', '{{range .Mounts}}{{.Type}} {{end}}', id]);
  expect(stdout.trim().split(' ')).toEqual(['bind', 'bind']);
});

test("a cluster's folder is not changed without the names of its nodes", async () => {
  const script = join(clone, 'deploy/secrets.sh');
  const nodes = { RABBITMQ_NODES: 'rabbitmq1 rabbitmq2 rabbitmq3', RABBITMQ_PORTS: '5672 5673 5674' };
  await run('sh', [script], { env: nodes });
  const first = contents();
  const renewed = await attempt('sh', [script, 'renew', 'worker', 'producer']);
  expect(renewed).toMatchObject({ code: 2, output: expect.stringContaining('docker-compose.cluster.yml') });
  expect(contents()).toEqual(first);
  await run('sh', [script, 'renew', 'worker'], { env: nodes });
  expect(contents()['for-worker3/worker3_amqp_url']).not.toBe(first['for-worker3/worker3_amqp_url']);
});

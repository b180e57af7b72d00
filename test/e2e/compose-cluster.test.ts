import { afterAll, beforeAll, expect, test } from 'vitest';

import { freePort } from '../../infrastructure/addresses.ts';
import { attempt, ROOT, run } from '../../infrastructure/command.ts';
import { ContactsClient } from '../../src/client/index.ts';
import { bash } from '../integration/producers/page-commands.ts';
import { patternOf, stepsOf } from '../integration/producers/page-session.ts';
import { composeProject, inspect, type ComposeProject } from '../support/compose-project.ts';

const QUEUE = 'contacts.requests';
const NODES = ['rabbitmq1', 'rabbitmq2', 'rabbitmq3'] as const;
const WORKERS = ['worker1', 'worker2', 'worker3'] as const;
/** An election, new connections, and a machine with other work. */
const TIMEOUT_MS = 90_000;

let project: ComposeProject;
let contacts: ContactsClient | undefined;

beforeAll(async () => {
  const ports: [string, string][] = [];
  for (const nth of [1, 2, 3]) {
    ports.push([`RABBITMQ${nth}_PORT`, String(await freePort())]);
    ports.push([`RABBITMQ${nth}_MANAGEMENT_PORT`, String(await freePort())]);
  }
  project = await composeProject({ COMPOSE_FILE: 'docker-compose.cluster.yml', ...Object.fromEntries(ports) });
  await project.compose('up', '-d', '--build');
  for (const service of [...NODES, ...WORKERS]) await project.healthy(service, 1);
}, 600_000);

afterAll(async () => {
  await contacts?.close();
  await project.remove();
}, 180_000);

/** What a node reports of the request queue. Every node reports the same. */
async function queueAt(service: string, column: string): Promise<string> {
  const [id] = await project.containers(service);
  const listed = ['list_queues', 'name', column, '--no-table-headers', '--timeout', '20'];
  const table = await run('docker', ['exec', id!, 'rabbitmqctl', '-q', ...listed]);
  const row = table.split('\n').find((line) => line.startsWith(`${QUEUE}\t`));
  return row?.split('\t')[1] ?? '';
}

test('three nodes form one cluster, and the request queue has a copy on each', async () => {
  for (const service of NODES) {
    const members = await queueAt(service, 'members');
    expect(NODES.filter((node) => members.includes(`rabbit@${node}`))).toEqual(NODES);
  }
});

test('the node of the queue’s leader is killed, requests are answered all the same, and it comes back', async () => {
  const url = project.secret('producer_amqp_url');
  expect(url.split(',')).toHaveLength(3);
  contacts = await ContactsClient.connect({ url, timeoutMs: TIMEOUT_MS });
  const create = (nth: number): Promise<{ contactId: number }> =>
    contacts!.create({ clientId: 1, firstName: 'Jane', lastName: `Doe ${nth}`, email: 'jane@example.com' });
  const first = await create(0);
  const name = await queueAt('rabbitmq1', 'leader');
  const leader = NODES.find((node) => name === `rabbit@${node}`)!;
  const [id] = await project.containers(leader);
  const during = Array.from({ length: 100 }, (_, nth) => create(nth + 1));
  await run('docker', ['kill', id!]);
  const later = Array.from({ length: 100 }, (_, nth) => create(nth + 101));
  const ids = (await Promise.all([...during, ...later])).map(({ contactId }) => contactId);
  expect(new Set([first.contactId, ...ids]).size).toBe(201);
  expect((await contacts.get(ids[0]!)).contactId).toBe(ids[0]);

  // A kill from outside is no crash for Docker: it does not restart the container.
  await project.compose('start', leader);
  await project.healthy(leader, 1);
  for (const service of WORKERS) await project.healthy(service, 1);
});

test('docs/operations/cluster.md: its commands restart all nodes, and replace one that lost its data', async () => {
  const steps = stepsOf(new URL('../../docs/operations/cluster.md', import.meta.url));
  expect(steps.length).toBeGreaterThan(3);
  for (const { commands, shown, line } of steps) {
    const compose = project.program === 'docker' ? 'docker compose' : project.program;
    const env = { ...process.env, ...project.env };
    const typed = commands.replaceAll('docker compose', compose);
    const { code, out, err } = await bash(typed, { cwd: ROOT, env, limitMs: TIMEOUT_MS * 4 });
    const place = `line ${line}:\n${commands}\n${out}\n${err}`;
    expect(code, place).toBe(0);
    if (shown !== undefined) expect(out.trim(), place).toMatch(patternOf(shown));
  }
  const { contacts: found } = await contacts!.list({ perPage: 300 });
  expect(found).toHaveLength(201);
});

test('passwords and cookie are in no environment, and every container has a memory limit', async () => {
  const secrets = ['rabbitmq_cookie', 'rabbitmq_worker_password', 'mongodb_worker_password'].map((name) =>
    project.secret(name),
  );
  for (const service of [...NODES, ...WORKERS, 'mongodb']) {
    const [id] = await project.containers(service);
    const shown = (await attempt('docker', ['inspect', id!])).output;
    expect(
      secrets.filter((secret) => shown.includes(secret)),
      service,
    ).toEqual([]);
    expect(Number(await inspect(id!, '{{.HostConfig.Memory}}')), service).toBeGreaterThan(0);
  }
});

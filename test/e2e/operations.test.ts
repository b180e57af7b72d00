import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { rehearseRestore } from '../../chaos/restore/rehearsal.ts';
import { bash } from '../integration/producers/page-commands.ts';
import { patternOf, stepsOf, type Step } from '../integration/producers/page-session.ts';
import { composeProject, inspect, type ComposeProject } from '../support/compose-project.ts';
import { codesIn, createRequest, getRequest } from '../support/documents.ts';
import { repositoryCopy } from '../support/repository-copy.ts';
import { Requester } from '../support/requester.ts';

const LIMIT_MS = 300_000;

let project: ComposeProject;
const copy = repositoryCopy();

beforeAll(async () => {
  project = await composeProject();
}, 300_000);

afterAll(async () => {
  await project.remove();
  copy.remove();
}, 120_000);

function pageOf(name: string): Step[] {
  return stepsOf(new URL(`../../docs/operations/${name}`, import.meta.url));
}

/** Runs blocks of a page as an operator types them; each must succeed and print what the page shows. */
async function follow(steps: readonly Step[]): Promise<void> {
  for (const { commands, shown, line } of steps) {
    const env = copy.environment(project);
    const { code, out, err } = await bash(commands, { cwd: copy.folder, env, limitMs: LIMIT_MS });
    const place = `line ${line}:\n${commands}\n${out}\n${err}`;
    expect(code, place).toBe(0);
    if (shown !== undefined) expect(out.trim(), place).toMatch(patternOf(shown));
  }
}

async function answer(xml: string): Promise<string> {
  const requester = await Requester.open(project.amqpUrl, 'contacts.requests');
  try {
    return (await requester.request(xml)).xml;
  } finally {
    await requester.close();
  }
}

/** The database for its administrator. */
function databaseUrl(): string {
  const login = `admin:${project.secret('mongodb_admin_password')}`;
  return `mongodb://${login}@127.0.0.1:${project.env['MONGODB_PORT']}/contacts?authSource=admin&directConnection=true`;
}

const imagesOfWorkers = async (): Promise<readonly string[]> =>
  Promise.all((await project.containers('worker')).map((id) => inspect(id, '{{.Image}}')));

test('deploy.md: from nothing to a worker that answers', async () => {
  await follow(pageOf('deploy.md'));
  // The restore's checker must know every contact, so none is created before it.
  expect(codesIn(await answer(getRequest(1)))).toEqual(['NOT_FOUND']);
});

test('backup-and-restore.md: what was confirmed before the backup survives, and what is sent again takes effect once', async () => {
  const steps = pageOf('backup-and-restore.md');
  const blocks = (first: string, last: string): Step[] => {
    const [from, to] = [first, last].map((words) => steps.findIndex(({ commands }) => commands.includes(words)));
    expect([from, to]).not.toContain(-1);
    return steps.slice(from, (to ?? 0) + 1);
  };
  const [broker] = await project.containers('rabbitmq');
  expect(broker).toBeDefined();
  const result = await rehearseRestore(Date.now() % 1_000_000, join(copy.folder, '.cache/rehearsal'), {
    producersUrl: project.amqpUrl,
    databaseUrl: databaseUrl(),
    broker: { exec: (...command) => project.compose('exec', '-T', 'rabbitmq', ...command) },
    stopBroker: () => follow(blocks('stop rabbitmq', 'stop rabbitmq')),
    saveBroker: () => follow(blocks('> backup/rabbitmq.tar', 'start rabbitmq')),
    saveDatabase: () => follow(blocks('stop mongodb', 'start mongodb')),
    destroy: () => project.compose('down', '-v', '-t', '2'),
    restore: () => follow(blocks('--no-start', 'up -d')),
  });
  console.log(result);
  expect(result.violations).toEqual([]);
  expect(result.reassigned).toEqual([]);
  // Else the test shows nothing: effects must have been lost, and sent again.
  expect(result.lostWrites).toBeGreaterThan(50);
  expect(result.sentAgain).toBeGreaterThan(result.lostWrites);
});

test('scale.md and capacity.md: three workers share the queue, then one is left', async () => {
  await follow(pageOf('scale.md'));
  await follow(pageOf('capacity.md'));
  expect(await project.containers('worker')).toHaveLength(1);
});

test('upgrade.md: the new build takes over while requests are answered', async () => {
  const before = await imagesOfWorkers();
  // Another version: the sources differ.
  appendFileSync(join(copy.folder, 'src/main.ts'), 'console.error("another version");\n');
  const [upgrade, servers] = pageOf('upgrade.md');
  const upgraded = follow(upgrade === undefined ? [] : [upgrade]);
  let ended = false;
  void upgraded.catch(() => undefined).then(() => (ended = true));
  let answers = 0;
  try {
    while (!ended) {
      expect(await answer(createRequest())).toContain('<contact_id>');
      answers += 1;
    }
  } finally {
    await upgraded;
  }
  expect(answers).toBeGreaterThan(1);
  const [image, ...others] = await imagesOfWorkers();
  expect(others).toEqual([]);
  expect(before).not.toContain(image);
  expect(servers).toBeDefined();
  await follow(servers === undefined ? [] : [servers]);
  expect(await answer(createRequest())).toContain('<contact_id>');
});

test('change-queue-arguments.md: the queue is deleted and declared again, and the worker consumes from it', async () => {
  const created = async (): Promise<string> =>
    project.compose('exec', '-T', 'rabbitmq', 'rabbitmqctl', '-q', 'list_queues', 'pid', '--no-table-headers');
  const before = await created();
  await follow(pageOf('change-queue-arguments.md'));
  expect(await created()).not.toBe(before);
  expect(await answer(createRequest())).toContain('<contact_id>');
});

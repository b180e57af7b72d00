import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attempt, ROOT, run } from '../../infrastructure/command.ts';
import { DEFAULT_IMAGES } from '../../infrastructure/images.ts';
import { waitFor } from '../../infrastructure/progress.ts';
import { composeProject, inspect, type ComposeProject } from '../support/compose-project.ts';
import {
  codesIn,
  createRequest,
  deleteRequest,
  getRequest,
  jane,
  listRequest,
  okAnswer,
  updateRequest,
} from '../support/documents.ts';
import { Requester } from '../support/requester.ts';
import { secretsTests } from './compose-secrets.ts';

let project: ComposeProject;

beforeAll(async () => {
  project = await composeProject();
  await project.compose('up', '-d', '--build');
  await project.healthy('worker', 1);
}, 600_000);

afterAll(async () => {
  await project.remove();
}, 120_000);

test('the five methods are answered by the worker that compose started', async () => {
  const requester = await Requester.open(project.amqpUrl, 'contacts.requests');
  const answer = async (xml: string): Promise<string> => (await requester.request(xml)).xml;
  const contact =
    '<contact><contact_id>1</contact_id><first_name>Jane</first_name><last_name>Döe</last_name>' +
    `<email>${jane.email}</email><phone/><mobile_phone>${jane.mobile_phone}</mobile_phone></contact>`;

  expect(await answer(createRequest())).toBe(okAnswer('<contact_id>1</contact_id>'));
  expect(await answer(updateRequest(1, { last_name: 'Döe', phone: '' }))).toBe(okAnswer());
  expect(await answer(getRequest(1))).toBe(okAnswer(contact));
  expect(await answer(listRequest({ client_id: 1 }))).toBe(okAnswer(contact));
  expect(await answer(deleteRequest(1))).toBe(okAnswer());
  expect(codesIn(await answer(getRequest(1)))).toEqual(['NOT_FOUND']);
  await requester.close();
});

test('three workers share the queue, and each exits with 0 when it is stopped', async () => {
  await project.compose('up', '-d', '--no-recreate', '--scale', 'worker=3');
  const workers = await project.healthy('worker', 3);
  const requester = await Requester.open(project.amqpUrl, 'contacts.requests');
  const consumers = async (): Promise<number> =>
    (await requester.channel.checkQueue('contacts.requests')).consumerCount;
  expect(await consumers()).toBe(3);

  const answers = await Promise.all(Array.from({ length: 300 }, () => requester.request(createRequest())));
  const ids = new Set(answers.map(({ xml }) => xml));
  expect(ids.size).toBe(300);

  await Promise.all(workers.map((id) => run('docker', ['stop', '-t', '30', id])));
  expect(await Promise.all(workers.map((id) => inspect(id, '{{.State.ExitCode}}')))).toEqual(['0', '0', '0']);
  expect(await consumers()).toBe(0);
  await requester.close();
});

test('stored contacts survive down and up of all services', async () => {
  await project.compose('down', '-t', '30');
  await project.compose('up', '-d');
  await project.healthy('worker', 1);
  const requester = await Requester.open(project.amqpUrl, 'contacts.requests');
  expect((await requester.request(getRequest(2))).xml).toContain(`<email>${jane.email}</email>`);
  await requester.close();
});

test('the container runs without privileges: not root, only /tmp writable, no capabilities', async () => {
  const [worker] = await project.containers('worker');
  const program = `
    const { readFileSync, writeFileSync } = require('node:fs');
    const write = (path) => { try { writeFileSync(path, ''); return 'written'; } catch ({ code }) { return code; } };
    const status = readFileSync('/proc/1/status', 'utf8');
    const field = (name) => new RegExp(name + ':\\\\s*(\\\\S+)').exec(status)[1];
    [process.getuid(), write('/app/x'), write('/x'), write('/tmp/x'), Number(field('CapEff')), field('NoNewPrivs')].join()`;
  expect(await run('docker', ['exec', worker!, 'node', '-p', program])).toBe('1000,EROFS,EROFS,written,0,1');
});

test('the log of each service is rotated, so that it cannot fill the disk', async () => {
  const logs = await Promise.all(
    ['worker', 'rabbitmq', 'mongodb'].map(async (service) => {
      const [id] = await project.containers(service);
      return JSON.parse(await inspect(id!, '{{json .HostConfig.LogConfig}}')) as unknown;
    }),
  );
  const limits = { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '5' } };
  expect(logs).toEqual([limits, limits, limits]);
});

/** The worker's program on its base image, which has a shell. */
async function imageWithShell(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'contacts-shell-'));
  const from = `FROM ${project.image} AS worker\nFROM ${project.env['NODE_IMAGE']}\n`;
  writeFileSync(join(folder, 'Dockerfile'), `${from}COPY --from=worker /app /app\nWORKDIR /app\nUSER 1000:1000\n`);
  try {
    return (await run('docker', ['build', '-q', folder], { limitMs: 120_000 })).split('\n').at(-1)!;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('as process 1 of a container, with a log that nobody reads, a worker exits with 0 on SIGTERM', async () => {
  const program = `
    mkfifo /tmp/log
    sleep 600 < /tmp/log &
    head -c 65536 /dev/zero > /tmp/log
    exec node dist/main.js > /tmp/log`;
  const settings = ['-e', 'DRAIN_TIMEOUT_MS=1000', '-e', 'AMQP_URL=amqp://127.0.0.1:1'];
  const image = await imageWithShell();
  const id = await run('docker', ['run', '-d', ...settings, image, 'sh', '-c', program]);
  try {
    // The worker serves HTTP as soon as it starts, long before it can reach its servers.
    await waitFor('the worker', 60_000, async () => {
      const { code } = await attempt('docker', ['exec', id, 'node', 'healthcheck.mjs']);
      return code === 0 ? true : undefined;
    });
    expect(await run('docker', ['exec', id, 'sh', '-c', 'tr "\\0" " " < /proc/1/cmdline'])).toBe('node dist/main.js');
    await run('docker', ['stop', '-t', '30', id]);
    expect(await inspect(id, '{{.State.ExitCode}}')).toBe('0');
  } finally {
    await run('docker', ['rm', '-f', id]);
    await attempt('docker', ['image', 'rm', '-f', image]);
  }
});

test('the image has what the worker needs to run, and no more: no shell, no package manager, no npm', async () => {
  expect(await inspect(project.image, '{{.Config.User}}')).toBe('1000:1000');
  const id = await run('docker', ['create', project.image]);
  const listed = await run('bash', ['-o', 'pipefail', '-c', `docker export ${id} | tar -t`]);
  await run('docker', ['rm', id]);
  const files = listed.split('\n').filter((path) => !path.endsWith('/'));
  // The last line is Docker's own, for each container.
  const outside = files.filter(
    (path) => !path.startsWith('app/') && !/^(?:usr\/)?lib(?:64)?\/\S+\.so[\d.]*$/.test(path),
  );
  const docker = /^(?:\.dockerenv|dev\/\S+|etc\/(?:hostname|hosts|resolv\.conf|mtab))$/;
  expect(outside.filter((path) => !docker.test(path)).toSorted()).toEqual([
    'etc/group',
    'etc/nsswitch.conf',
    'etc/passwd',
    'usr/local/bin/node',
  ]);
  const names = (under: RegExp): string[] => [...new Set(files.flatMap((path) => under.exec(path)?.[1] ?? []))];
  expect(names(/^app\/([^/]+)/).toSorted()).toEqual([
    'compiled',
    'config',
    'console',
    'dist',
    'healthcheck.mjs',
    'node_modules',
    'package.json',
    'schema',
  ]);
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<string, object>;
  const installed = names(/^app\/node_modules\/((?:@[^/]+\/)?[^/]+)\//);
  expect(installed).toEqual(expect.arrayContaining(Object.keys(manifest['dependencies']!)));
  const unwanted = Object.keys({ ...manifest['devDependencies'], ...manifest['optionalDependencies'] });
  expect(unwanted.filter((name) => installed.includes(name))).toEqual([]);
});

test('the image holds its code compiled, for a container that may write nothing', async () => {
  // Code 78: all has been loaded, and the settings are refused.
  const options = '--rm --read-only -e NODE_DEBUG_NATIVE=COMPILE_CACHE -e PREFETCH=0';
  const start = `docker run ${options} ${project.image} 2>&1 || test $? = 78`;
  const said = await run('bash', ['-c', start]);
  expect(said).toContain('PREFETCH');
  const accepted = said.matchAll(/cache for \S+ file:\/\/\/app\/(\S+) was accepted/g);
  expect([...accepted].map(([, file]) => file)).toEqual(
    expect.arrayContaining(['dist/main.js', 'dist/bundle/worker.js']),
  );
  expect(said).not.toMatch(/was rejected/);
});

test('the image can load what exports traces, which the worker imports only where they are on', async () => {
  const load = "import('/app/dist/bundle/otlp.js').then((module) => console.log(typeof module.otlpExport))";
  expect(await run('docker', ['run', '--rm', '--read-only', project.image, 'node', '--eval', load])).toBe('function');
});

secretsTests(() => project);

test("the image's own health check turns unhealthy where no worker runs", async () => {
  const id = await run('docker', [
    'run',
    '-d',
    '--health-interval=1s',
    '--health-start-period=1ms',
    '--health-retries=1',
    project.image,
    'node',
    '--eval',
    'setTimeout(() => undefined, 600_000)',
  ]);
  try {
    const health = await waitFor('a verdict', 60_000, async () => {
      const state = await inspect(id, '{{.State.Health.Status}}');
      return state === 'starting' ? undefined : state;
    });
    expect(health).toBe('unhealthy');
  } finally {
    await run('docker', ['rm', '-f', id]);
  }
});

test('Dockerfile, compose file and scripts name the same default images', () => {
  const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
  expect(read('Dockerfile')).toContain(`ARG NODE_IMAGE=${DEFAULT_IMAGES.node}\n`);
  const compose = read('docker-compose.yml');
  for (const image of Object.values(DEFAULT_IMAGES)) expect(compose).toContain(`:-${image}}`);
});

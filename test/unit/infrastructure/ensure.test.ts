import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { attempt, ROOT, type CommandResult } from '../../../infrastructure/command.ts';

/**
 * Runs code against fake `docker`, `apt-get`, `debootstrap` and `dockerd` programs that only record
 * their calls: one machine cannot show otherwise which of them the scripts call on which kind of
 * machine.
 */
async function onMachine(
  docker: string,
  code: string,
  env: Record<string, string> = {},
): Promise<CommandResult & { calls: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'contacts-machine-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const calls = join(folder, 'calls');
  for (const name of ['docker', 'apt-get', 'debootstrap', 'dockerd', 'systemctl']) {
    const answer = name === 'docker' ? docker : 'exit 1';
    writeFileSync(join(folder, name), `#!/bin/sh\necho "${name} $*" >> ${calls}\n${answer}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  const outcome = await attempt(process.execPath, ['--input-type=module', '-e', code], {
    env: { RABBITMQ_IMAGE: '', MONGO_IMAGE: '', PATH: `${folder}:${process.env['PATH']}`, ...env },
    limitMs: 30_000,
  });
  return { ...outcome, calls: existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : [] };
}

const moduleUrl = (name: string): string => JSON.stringify(`file://${ROOT}infrastructure/${name}.ts`);
const ensureDocker = `import { ensureDocker } from ${moduleUrl('docker')}; console.log(JSON.stringify(await ensureDocker()));`;
const ensureImages = `import { ensureImages } from ${moduleUrl('images')};
  console.log(JSON.stringify(await ensureImages('rabbitmq', 'mongo')));`;

const builders = (calls: readonly string[]): string[] =>
  calls.filter((call) => /^(apt-get|debootstrap|dockerd|systemctl|docker (build|import))/.test(call));

test('where a Docker daemon answers, nothing is installed or started', async () => {
  const { code, stdout, calls } = await onMachine('echo 28.0.1', ensureDocker);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ startedHere: false });
  expect(calls).toEqual(['docker info --format {{.ServerVersion}}']);
});

test('where none answers and installing is forbidden, one error says what to do', async () => {
  const { code, output, calls } = await onMachine('exit 1', ensureDocker, { SURROUNDINGS_INSTALL: 'no' });
  expect(code).not.toBe(0);
  expect(output).toContain('as SURROUNDINGS_INSTALL=no forbids it.');
  expect(output).toContain('set AMQP_URL and MONGODB_URL');
  expect(builders(calls)).toEqual([]);
});

test('where DOCKER_HOST names a daemon that does not answer, none is installed here', async () => {
  const { code, calls } = await onMachine('exit 1', ensureDocker, { DOCKER_HOST: 'tcp://127.0.0.1:1' });
  expect(code).not.toBe(0);
  expect(builders(calls)).toEqual([]);
});

test('named images are used without calling Docker', async () => {
  const named = { RABBITMQ_IMAGE: 'own/broker:1', MONGO_IMAGE: 'own/database:2' };
  const { stdout, calls } = await onMachine('exit 1', ensureImages, named);
  expect(JSON.parse(stdout)).toEqual({ rabbitmq: 'own/broker:1', mongo: 'own/database:2' });
  expect(calls).toEqual([]);
});

test('the default images are pulled where that is possible, and no stand-in is built', async () => {
  const { stdout, calls } = await onMachine('case "$1" in pull) echo pulled;; *) exit 1;; esac', ensureImages);
  expect(JSON.parse(stdout)).toEqual({ rabbitmq: 'rabbitmq:4-management', mongo: 'mongo:8' });
  expect(calls.filter((call) => call.startsWith('docker pull'))).toHaveLength(2);
  expect(builders(calls)).toEqual([]);
});

test('where the default images are present, they are used without pulling', async () => {
  const { stdout, calls } = await onMachine('exit 0', ensureImages);
  expect(JSON.parse(stdout)).toEqual({ rabbitmq: 'rabbitmq:4-management', mongo: 'mongo:8' });
  expect(calls.filter((call) => !call.startsWith('docker image inspect'))).toEqual([]);
});

test('a registry that refuses is reported, and no stand-in hides it', async () => {
  const refusing =
    'case "$1" in pull) echo "toomanyrequests: You have reached your pull rate limit" >&2; exit 1;; *) exit 1;; esac';
  const { code, output, calls } = await onMachine(refusing, ensureImages);
  expect(code).not.toBe(0);
  expect(output).toContain('could not be pulled: toomanyrequests');
  expect(output).toContain('RABBITMQ_IMAGE, MONGO_IMAGE');
  expect(builders(calls)).toEqual([]);
});

test('where no registry can be reached and building is forbidden, the error names the variables to set', async () => {
  const unreachable =
    'case "$1" in pull) echo "dial tcp: lookup registry: no such host" >&2; exit 1;; *) exit 1;; esac';
  const { code, output, calls } = await onMachine(unreachable, ensureImages, { SURROUNDINGS_INSTALL: 'no' });
  expect(code).not.toBe(0);
  expect(output).toMatch(/No image registry can be reached[^]*RABBITMQ_IMAGE, MONGO_IMAGE/);
  expect(builders(calls)).toEqual([]);
});

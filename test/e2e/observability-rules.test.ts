import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { ensureDocker } from '../../infrastructure/docker.ts';
import { ensureImages, type Images } from '../../infrastructure/images.ts';
import { OBSERVABILITY } from '../support/observability.ts';
import { inImage } from '../support/prometheus.ts';

let images: Images<'prometheus' | 'alertmanager'>;
let folder: string;

beforeAll(async () => {
  await ensureDocker();
  images = await ensureImages('prometheus', 'alertmanager');
}, 600_000);

/** A copy of the files, for a test to damage. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'contacts-observability-'));
  // The programs in the containers are not root.
  chmodSync(folder, 0o755);
  cpSync(OBSERVABILITY, folder, { recursive: true });
  return () => rmSync(folder, { recursive: true });
});

function damage(file: string, from: string, to: string): void {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}

const promtool = (args: string) => inImage(images.prometheus, folder, `promtool ${args}`);
const amtool = (args: string) => inImage(images.alertmanager, folder, `amtool ${args}`);

test('promtool accepts configuration and rules, and refuses a damaged rule', async () => {
  const check = 'check config --lint=all prometheus.yml';
  expect(await promtool(check)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('rule files found') as string,
  });
  damage('rules/intake.yml', 'max(contacts_ready) == 0', 'max(contacts_ready == 0');
  expect((await promtool(check)).code).not.toBe(0);
});

test("promtool's unit tests of the alerts pass, and notice a threshold that is changed", async () => {
  expect(await promtool('test rules tests/*.yml')).toMatchObject({ code: 0 });
  damage('rules/process.yml', '> 400 * 1024 * 1024', '> 300 * 1024 * 1024');
  const { code, output } = await promtool('test rules tests/process.yml');
  expect(code).not.toBe(0);
  expect(output).toContain('ContactsMemory: is silent below 400 MiB');
});

test('amtool accepts the configuration, and refuses a route to a receiver that does not exist', async () => {
  expect(await amtool('check-config alertmanager.yml')).toMatchObject({ code: 0 });
  damage('alertmanager.yml', 'receiver: page', 'receiver: nobody');
  expect((await amtool('check-config alertmanager.yml')).code).not.toBe(0);
});

test('critical alerts call a person, others do not, and the watchdog has its own receiver', async () => {
  const route = (labels: string) => amtool(`config routes test --config.file=alertmanager.yml ${labels}`);
  expect((await route('alertname=ContactsNoWorker severity=critical')).stdout).toBe('page\n');
  expect((await route('alertname=ContactsMemory severity=warning')).stdout).toBe('ticket\n');
  expect((await route('alertname=ContactsWatchdog severity=none')).stdout).toBe('heartbeat\n');
});

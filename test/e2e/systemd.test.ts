import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { freePort } from '../../infrastructure/addresses.ts';
import { run, type CommandResult } from '../../infrastructure/command.ts';
import { removeServers, startServers, type Servers } from '../../infrastructure/servers.ts';
import { ensureDocker } from '../../infrastructure/docker.ts';
import { patternOf, stepsOf } from '../integration/producers/page-session.ts';
import { codesIn, getRequest } from '../support/documents.ts';
import { Requester } from '../support/requester.ts';
import { startSystemdMachine, type SystemdMachine } from '../support/systemd-machine.ts';

const UNIT = 'contacts-worker@1';
const STEPS = stepsOf(new URL('../../docs/systemd.md', import.meta.url));

let machine: SystemdMachine;
let servers: Servers;
let addresses: Record<string, string>;

/** The container's address on Docker's own network, where other containers reach it. */
const addressOf = (container: string): Promise<string> =>
  run('docker', ['inspect', '-f', '{{.NetworkSettings.Networks.bridge.IPAddress}}', container]);

beforeAll(async () => {
  await ensureDocker();
  const [amqp, management, mongodb] = [await freePort(), await freePort(), await freePort()];
  servers = await startServers(`contacts-units-${randomBytes(4).toString('hex')}`, { amqp, management, mongodb });
  const [broker, database] = await Promise.all(servers.names.map(addressOf));
  addresses = {
    AMQP_URL: `amqp://guest:guest@${broker}:5672`,
    MONGODB_URL: `mongodb://${database}:27017/contacts`,
  };
  machine = await startSystemdMachine();
}, 600_000);

afterAll(async () => {
  await machine?.remove();
  await removeServers(servers?.names ?? []);
});

/** Follows the page's block that has these words; it must print what the page shows. */
async function follow(words: string): Promise<void> {
  const found = STEPS.filter(({ commands }) => commands.includes(words));
  expect(found, words).toHaveLength(1);
  const [{ commands, shown, line }] = found as [(typeof STEPS)[number]];
  const { code, stdout, output } = await machine.sh(commands, addresses);
  expect(code, `line ${line}: ${output}`).toBe(0);
  if (shown !== undefined) expect(stdout.trim(), `line ${line}`).toMatch(patternOf(shown));
}

async function property(name: string, unit = UNIT): Promise<string> {
  return (await machine.sh(`systemctl show -P ${name} ${unit}`)).stdout.trim();
}

describe('systemd judges the unit', () => {
  const judged = (change: string, command: string): Promise<CommandResult> =>
    machine.sh(
      `rm -rf /tmp/units; mkdir -p /tmp/units/contacts-worker@.service.d
       cp deploy/systemd/contacts-worker@.service /tmp/units; cp deploy/systemd/tls.conf /tmp/units/contacts-worker@.service.d
       sed -i '${change}' /tmp/units/contacts-worker@.service; cd /tmp/units; ${command}`,
    );
  const verify = 'systemd-analyze verify --man=no ./contacts-worker@1.service';
  const security = 'systemd-analyze security --offline=true --no-pager --threshold=20 ./contacts-worker@.service';

  test('it finds no error in it and its part for TLS, and finds a wrong word', async () => {
    expect(await judged('', verify)).toMatchObject({ code: 0, output: '' });
    const { output } = await judged('s/^Restart=on-failure/Restart=sometimes/', verify);
    expect(output).toMatch(/Failed to parse .*restart/i);
  });

  test('its exposure is below 2 of 10, and a missing protection raises it', async () => {
    expect((await judged('', security)).code).toBe(0);
    expect((await judged('/^ProtectSystem=\\|^SystemCallFilter=\\|^PrivateUsers=/d', security)).code).not.toBe(0);
  });
});

test('the page leads to two workers that answer', async () => {
  await follow('install -d');
  await follow('systemctl enable --now');
  const requester = await Requester.open(servers.amqpUrl, 'contacts.requests');
  try {
    expect(codesIn((await requester.request(getRequest(1))).xml)).toEqual(['NOT_FOUND']);
  } finally {
    await requester.close();
  }
});

test('the worker is not root, and its passwords are neither in its environment nor readable by others', async () => {
  const pid = await property('MainPID');
  const { stdout: uid } = await machine.sh(`stat -c %u /proc/${pid}`);
  expect(Number(uid)).toBeGreaterThan(1_000);
  const { stdout: environment } = await machine.sh(`tr '\\0' '\\n' < /proc/${pid}/environ`);
  expect(environment).toContain(`AMQP_URL_FILE=/run/credentials/${UNIT}.service/amqp_url`);
  expect(environment).not.toContain('guest');
  const credential = `/run/credentials/${UNIT}.service/amqp_url`;
  expect((await machine.sh(`setpriv --reuid 65534 --regid 65534 --clear-groups cat ${credential}`)).output).toContain(
    'denied',
  );
  expect(
    (await machine.sh('setpriv --reuid 65534 --regid 65534 --clear-groups cat /etc/contacts-worker/amqp_url')).code,
  ).not.toBe(0);
});

test('a killed worker is started again', async () => {
  const pid = await property('MainPID');
  await machine.sh(`kill -KILL ${pid}`);
  await expect.poll(() => property('NRestarts')).toBe('1');
  const healthy = 'HTTP_PORT=8081 node deploy/worker/healthcheck.mjs /readyz';
  await expect.poll(async () => (await machine.sh(healthy)).code, { timeout: 30_000 }).toBe(0);
});

test('an upgrade restarts one worker after the other; a stop drains and counts as success', async () => {
  await follow('systemctl restart');
  await follow('systemctl disable --now');
  const { stdout } = await machine.sh('journalctl -u contacts-worker@2 -o cat | grep -c \'"reason":"drained"\'');
  expect(Number(stdout)).toBe(2);
});

test('invalid settings end the worker with 78, and it is not started again', async () => {
  await machine.sh(`echo 'PREFETCH=many' >> /etc/contacts-worker/settings.env; systemctl restart ${UNIT}`);
  await expect.poll(() => property('ActiveState')).toBe('failed');
  expect(await property('ExecMainStatus')).toBe('78');
  expect(await property('NRestarts')).toBe('0');
});

test('other failures are retried: a port that another program uses', async () => {
  await machine.sh(
    `sed -i '/PREFETCH/d' /etc/contacts-worker/settings.env
     systemd-run --unit=occupied node -e 'require("net").createServer().listen(8081)'
     systemctl start ${UNIT}`,
  );
  await expect.poll(async () => Number(await property('NRestarts')), { timeout: 30_000 }).toBeGreaterThan(1);
  const { stdout } = await machine.sh(`journalctl -u ${UNIT} -o cat | grep -c 'code=exited, status=1/FAILURE'`);
  expect(Number(stdout)).toBeGreaterThan(1);
  await machine.sh('systemctl stop occupied');
  const healthy = 'HTTP_PORT=8081 node deploy/worker/healthcheck.mjs /readyz';
  await expect.poll(async () => (await machine.sh(healthy)).code, { timeout: 30_000 }).toBe(0);
});

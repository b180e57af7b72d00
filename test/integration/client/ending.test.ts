import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { expect, test } from 'vitest';

import { blocked, FakeBroker } from '../../support/fake-broker.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';

/** Closes its client at the end of its standard input. */
const PROGRAM = `
import { ContactsClient } from ${JSON.stringify(new URL('../../../src/client/index.ts', import.meta.url).href)};
const contacts = await ContactsClient.connect({ url: process.argv[1] });
console.log('connected');
const alarms = setInterval(() => {
  if (contacts.stats.connected) return;
  clearInterval(alarms);
  console.log('alarmed');
}, 20).unref();
for await (const _ of process.stdin);
await contacts.close();
console.log(performance.now());
process.on('exit', () => console.log(performance.now()));
`;

test.each([
  ['is silent', false],
  ['has an alarm and does not read', true],
])('a closed client keeps no process alive where the broker %s', async (_, alarm) => {
  const broker = await FakeBroker.start();
  const proxy = await TcpProxy.before(broker.url);
  const program = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, proxy.url(broker.url)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  program.stdout.on('data', (part: Buffer) => (output += part.toString()));
  await expect.poll(() => output).toContain('connected');
  if (alarm) {
    broker.send(blocked());
    await expect.poll(() => output).toContain('alarmed');
  }
  proxy.silence();
  program.stdin.end();
  const exited = once(program, 'exit');
  const limit = setTimeout(() => program.kill('SIGKILL'), 20_000);
  expect(await exited).toEqual([0, null]);
  clearTimeout(limit);
  const [, closed, ended] = output.replace('alarmed\n', '').trim().split('\n').map(Number);
  expect((ended ?? Infinity) - (closed ?? 0)).toBeLessThan(1_000);
  await proxy.close();
  await broker.stop();
});

import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { freePort, withDatabase } from '../../../infrastructure/addresses.ts';

test.each([
  ['mongodb://h:1', 'mongodb://h:1/x'],
  ['mongodb://h:1/contacts', 'mongodb://h:1/x'],
  ['mongodb://a:1,b:2/contacts?replicaSet=r', 'mongodb://a:1,b:2/x?replicaSet=r'],
  ['mongodb://u:p@h:1/contacts', 'mongodb://u:p@h:1/x?authSource=contacts'],
  ['mongodb://u:p@h:1/contacts?authSource=admin', 'mongodb://u:p@h:1/x?authSource=admin'],
])('another database in the address %s keeps server, options and authentication', (url, expected) => {
  expect(withDatabase(url, 'x')).toBe(expected);
});

test('a wanted port that is in use is not returned', async () => {
  const occupied = createServer();
  await new Promise<void>((resolve) => occupied.listen(0, '127.0.0.1', resolve));
  const { port } = occupied.address() as AddressInfo;
  expect(await freePort(port)).not.toBe(port);
  await new Promise((resolve) => occupied.close(resolve));
  expect(await freePort(port)).toBe(port);
});

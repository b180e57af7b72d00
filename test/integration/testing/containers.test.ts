import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { attempt, run } from '../../../infrastructure/command.ts';
import { ContactsClient } from '../../../src/client/index.ts';
import { ContactsWorkerContainer, startContacts } from '../../../src/testing/index.ts';
import { testImages, type TestImages } from '../../support/test-images.ts';

const jane = { clientId: 1, firstName: 'Jane', lastName: 'Doe', email: 'jane@example.org' };

let images: TestImages;

beforeAll(async () => {
  images = await testImages();
}, 600_000);

afterAll(() => images?.remove());

/** The settings of all containers of the worker's image, also of those that have ended. */
async function settingsOfWorkers(): Promise<string> {
  const ids = await run('docker', ['ps', '-aq', '--filter', `ancestor=${images.worker}`]);
  const environments = ids.split('\n').map((id) => attempt('docker', ['inspect', '-f', '{{.Config.Env}}', id]));
  return (await Promise.all(environments)).map(({ stdout }) => stdout).join('');
}

test('a wrong setting rejects with the message of the worker, and leaves no container', async () => {
  const start = startContacts({ images, env: { PREFETCH: 'many' } });
  await expect(start).rejects.toThrow(/has not become ready[^]*PREFETCH/);
  expect(await settingsOfWorkers()).not.toContain('PREFETCH=many');
}, 120_000);

test('settings that belong to startContacts are refused before anything starts', async () => {
  await expect(startContacts({ images, env: { AMQP_URL: 'amqp://x' } })).rejects.toThrow(/must not set AMQP_URL/);
  await expect(startContacts({ images, env: { REQUEST_QUEUES: '4' } })).rejects.toThrow(/REQUEST_QUEUES/);
});

test('with reuse the second call gets the same containers and a REQUEST_QUEUE of its own', async () => {
  const options = { images, reuse: true, env: { REQUEST_QUEUE: 'reuse.requests', LOG_LEVEL: 'error' } };
  const first = await startContacts(options);
  onTestFinished(async () => {
    const ids = await run('docker', ['ps', '-aq', '--filter', 'network=contacts-testing']);
    await attempt('docker', ['rm', '-f', '-v', ...ids.split('\n')]);
    await attempt('docker', ['network', 'rm', 'contacts-testing']);
  });
  const { contactId } = await first.client.create(jane);
  await first.stop();
  const second = await startContacts(options);
  expect(second.amqpUrl).toBe(first.amqpUrl);
  expect(second.httpUrl).toBe(first.httpUrl);
  expect(await second.client.get(contactId)).toMatchObject({ email: jane.email });
  await second.nextAnswer('EXPIRED');
  await expect(second.client.create(jane)).rejects.toMatchObject({ code: 'EXPIRED' });
  await second.clear();
  expect((await second.client.list()).contacts).toEqual([]);
  await second.stop();
}, 180_000);

test('ContactsWorkerContainer runs a second worker on the servers of an environment', async () => {
  const env = await startContacts({ images });
  onTestFinished(() => env.stop());
  const [network = ''] = (await networksOf(env.httpUrl)).split(' ');
  const worker = await new ContactsWorkerContainer(images.worker)
    .withNetworkMode(network)
    .withAmqpUrl('amqp://contacts:contacts@rabbitmq:5672')
    .withMongodbUrl('mongodb://mongodb:27017/other')
    .withEnvironment({ REQUEST_QUEUE: 'other.requests' })
    .start();
  expect((await fetch(`${worker.getHttpUrl()}/readyz`)).status).toBe(200);
  const client = await ContactsClient.connect({ url: env.amqpUrl, queue: 'other.requests' });
  expect((await client.create(jane)).contactId).toBe(1);
  await client.close();
  await worker.stop();
}, 180_000);

/** The networks of the container that publishes the port of this address. */
async function networksOf(url: string): Promise<string> {
  const id = await run('docker', ['ps', '-q', '--filter', `publish=${new URL(url).port}`]);
  return run('docker', ['inspect', '-f', '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}', id]);
}

import { readFileSync } from 'node:fs';

import type { Message } from 'amqplib';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { codesIn, getRequest } from '../../support/documents.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { Requester } from '../../support/requester.ts';
import { startWorker } from '../../support/worker.ts';

interface Definitions {
  readonly queues: readonly {
    readonly name: string;
    readonly durable: boolean;
    readonly auto_delete: boolean;
    readonly arguments: Readonly<Record<string, unknown>>;
  }[];
}

const names = freshNames();
let requester: Requester;
beforeAll(async () => {
  requester = await Requester.open(names.amqpUrl, names.queue);
});
afterAll(() => requester.close());

/** The definitions of docs/api.md for the given request queue. */
function documentedDefinitions(queue: string): Definitions {
  const page = readFileSync(new URL('../../../docs/api.md', import.meta.url), 'utf8');
  const json = /```json\n([^]*?)```/.exec(page)?.[1] ?? '';
  return JSON.parse(json.replaceAll('"contacts.requests', `"${queue}`)) as Definitions;
}

test('a mandatory request is returned while there is no queue; the documented definitions store it, and suit the worker', async () => {
  const returned = new Promise<Message>((resolve) => requester.channel.once('return', resolve));
  requester.send(getRequest(1), { mandatory: true });
  expect((await returned).fields).toMatchObject({ replyCode: 312 });

  const { queues } = documentedDefinitions(names.queue);
  expect(queues.map(({ name }) => name)).toEqual([`${names.queue}.dead`, names.queue]);
  for (const { name, durable, auto_delete: autoDelete, arguments: arguments_ } of queues) {
    await requester.channel.assertQueue(name, { durable, autoDelete, arguments: arguments_ });
  }
  const answer = requester.request(getRequest(1), { mandatory: true });
  const worker = await startWorker(names);
  expect(codesIn((await answer).xml)).toEqual(['NOT_FOUND']);
  await worker.stop();
});

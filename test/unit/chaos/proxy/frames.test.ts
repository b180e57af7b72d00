import * as fc from 'fast-check';
import { BSON } from 'mongodb';
import { expect, test } from 'vitest';

import { ackOfUnknownDelivery } from '../../../support/amqp-frames.ts';
import { amqp, channelOf } from '../../../../chaos/proxy/amqp.ts';
import { Splitter, type Protocol } from '../../../../chaos/proxy/frames.ts';
import { hasWritten, mongodb, requestIdOf, withFailedItem, withoutItem } from '../../../../chaos/proxy/mongodb.ts';

function message(id: number, answers: number, sections: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(20);
  header.writeInt32LE(20 + sections.reduce((sum, { length }) => sum + length, 0), 0);
  header.writeInt32LE(id, 4);
  header.writeInt32LE(answers, 8);
  header.writeInt32LE(2013, 12);
  return Buffer.concat([header, ...sections]);
}

function body(document: object): Buffer {
  return Buffer.concat([Buffer.from([0]), BSON.serialize(document)]);
}

function sequence(name: string, documents: readonly object[]): Buffer {
  const content = Buffer.concat([Buffer.from(`${name}\0`), ...documents.map((one) => BSON.serialize(one))]);
  const size = Buffer.alloc(5);
  size.writeUInt8(1, 0);
  size.writeInt32LE(4 + content.length, 1);
  return Buffer.concat([size, content]);
}

const insert = message(7, 0, [
  body({ insert: 'contacts', ordered: false }),
  sequence('documents', [{ _id: 1 }, { _id: 2 }, { _id: 3 }]),
]);
const reply = message(90, 7, [body({ n: 2, ok: 1, writeErrors: [{ index: 1, code: 11000, errmsg: 'E11000' }] })]);

test.each([
  ['AMQP', amqp, [Buffer.from('AMQP\0\0\u0009\u0001'), ackOfUnknownDelivery(1), ackOfUnknownDelivery(300)]],
  ['MongoDB', mongodb, [insert, reply, insert]],
] as const)('%s messages are whole again, however the bytes come', (_name, protocol: Protocol, messages) => {
  const stream = Buffer.concat(messages);
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
      const splitter = new Splitter(protocol.lengthOf);
      const ends = [...cuts.sort((a, b) => a - b), stream.length];
      const whole = ends.flatMap((end, at) => splitter.push(stream.subarray(ends[at - 1] ?? 0, end)));
      expect(whole.map((one) => one.toString('hex'))).toEqual(messages.map((one) => one.toString('hex')));
    }),
  );
});

test('an ack is a settlement on the way to the broker, and a confirm on the way back', () => {
  const classify = amqp.classifier();
  expect(classify('up', ackOfUnknownDelivery(5))).toBe('settle');
  expect(classify('down', ackOfUnknownDelivery(5))).toBe('confirm');
  expect(channelOf(ackOfUnknownDelivery(5))).toBe(5);
});

test('only writes to the contacts count, and only their own reply is their outcome', () => {
  const classify = mongodb.classifier();
  expect(classify('up', message(8, 0, [body({ update: 'counters' })]))).toBeUndefined();
  expect(classify('down', message(91, 8, [body({ ok: 1 })]))).toBeUndefined();
  expect(classify('up', insert)).toBe('write');
  expect(classify('down', message(92, 6, [body({ ok: 1 })]))).toBeUndefined();
  expect(classify('down', reply)).toBe('written');
  expect([requestIdOf(insert, 'up'), requestIdOf(reply, 'down')]).toEqual([7, 7]);
});

test.each([
  ['findAndModify', 'ledger'],
  ['insert', 'ledger'],
  ['createIndexes', undefined],
])('the reply to a %s of the attempts marks the moment %s', (command, moment) => {
  const classify = mongodb.classifier();
  expect(classify('up', message(8, 0, [body({ [command]: 'attempts' })]))).toBeUndefined();
  expect(classify('down', message(91, 8, [body({ ok: 1 })]))).toBe(moment);
  expect(classify('down', message(92, 8, [body({ ok: 1 })]))).toBeUndefined();
});

test.each([
  [{ ok: 1, n: 1 }, true],
  [{ ok: 1, n: 0 }, false],
  [{ ok: 1, value: null, lastErrorObject: { n: 0, updatedExisting: false } }, false],
  [{ ok: 1, value: { _id: 'x' }, lastErrorObject: { n: 1, updatedExisting: true } }, true],
  [{ ok: 1, cursor: { firstBatch: [{ n: 1 }] } }, false],
])('whether a command wrote something: %j', (document, written) => {
  expect(hasWritten(message(91, 8, [body(document)]))).toBe(written);
});

test('a write without one item, and its reply in the numbering of the original', () => {
  const shorter = withoutItem(insert, () => 1);
  expect(shorter?.at).toBe(1);
  expect(shorter?.message).toEqual(
    message(7, 0, [body({ insert: 'contacts', ordered: false }), sequence('documents', [{ _id: 1 }, { _id: 3 }])]),
  );
  const failed = BSON.deserialize(withFailedItem(reply, 1, 112).subarray(21));
  expect(failed['writeErrors']).toMatchObject([
    { index: 1, code: 112 },
    { index: 2, code: 11000 },
  ]);
});

test('a write of one item stays whole', () => {
  const single = message(7, 0, [body({ insert: 'contacts' }), sequence('documents', [{ _id: 1 }])]);
  expect(withoutItem(single, () => 0)).toBeUndefined();
});

import { BSON, type Document } from 'mongodb';

import type { Protocol } from './frames.ts';

const OP_MSG = 2013;
/** Header, flags and the kind of the first section. */
const BODY_AT = 21;
const SEQUENCE = 1;
/** BSON's type of a string. */
const TEXT = 2;

/**
 * The MongoDB wire protocol: messages that begin with their length. Only writes to the contacts
 * count as writes; the ledger is the collection of attempts, without commands about its indexes.
 */
export const mongodb: Protocol = {
  lengthOf: (bytes, at) => (at + 4 > bytes.length ? undefined : bytes.readInt32LE(at)),
  classifier: () => {
    const awaited = new Map<number, 'written' | 'ledger'>();
    return (direction, message) => {
      if (message.readInt32LE(12) !== OP_MSG) return undefined;
      if (direction === 'down') {
        const answers = message.readInt32LE(8);
        const moment = awaited.get(answers);
        awaited.delete(answers);
        return moment;
      }
      const { name, collection } = commandOf(message);
      const write = collection === 'contacts' && (name === 'insert' || name === 'update');
      if (write) awaited.set(message.readInt32LE(4), 'written');
      if (collection === 'attempts' && !name.includes('Index')) awaited.set(message.readInt32LE(4), 'ledger');
      return write ? 'write' : undefined;
    };
  },
};

/** The first element of a command holds its name and, where it concerns one, its collection. */
function commandOf(message: Buffer): { readonly name: string; readonly collection: string | undefined } {
  const nameAt = BODY_AT + 5;
  const nameEnd = message.indexOf(0, nameAt);
  const name = message.toString('latin1', nameAt, nameEnd);
  if (message[BODY_AT + 4] !== TEXT) return { name, collection: undefined };
  return { name, collection: message.toString('latin1', nameEnd + 5, message.indexOf(0, nameEnd + 5)) };
}

/** Returns the id of the request that a message is, or answers. */
export function requestIdOf(message: Buffer, direction: 'up' | 'down'): number {
  return message.readInt32LE(direction === 'up' ? 4 : 8);
}

/**
 * Returns a write command without one of its documents or updates; `undefined` where it has only
 * one.
 */
export function withoutItem(
  message: Buffer,
  index: (count: number) => number,
): { message: Buffer; at: number } | undefined {
  const sectionAt = BODY_AT + message.readInt32LE(BODY_AT);
  if (sectionAt >= message.length || message[sectionAt] !== SEQUENCE) return undefined;
  const firstAt = message.indexOf(0, sectionAt + 5) + 1;
  const end = sectionAt + 1 + message.readInt32LE(sectionAt + 1);
  const items: Buffer[] = [];
  for (let at = firstAt; at < end; at += message.readInt32LE(at)) {
    items.push(message.subarray(at, at + message.readInt32LE(at)));
  }
  if (items.length < 2) return undefined;
  const at = index(items.length);
  const left = items.filter((_, i) => i !== at);
  const shorter = Buffer.concat([message.subarray(0, firstAt), ...left, message.subarray(end)]);
  const removed = message.length - shorter.length;
  shorter.writeInt32LE(shorter.length, 0);
  shorter.writeInt32LE(message.readInt32LE(sectionAt + 1) - removed, sectionAt + 1);
  return { message: shorter, at };
}

/**
 * Returns the reply to a write with the item `at`, which the server never saw, failed with `code`.
 */
export function withFailedItem(reply: Buffer, at: number, code: number): Buffer {
  const body: Document = BSON.deserialize(reply.subarray(BODY_AT));
  const others = (body['writeErrors'] ?? []) as { index: number }[];
  const moved = others.map((error) => ({ ...error, index: error.index < at ? error.index : error.index + 1 }));
  const failed = { index: at, code, errmsg: 'injected by the fault suite' };
  const bytes = BSON.serialize({ ...body, writeErrors: [...moved, failed].sort((a, b) => a.index - b.index) });
  const message = Buffer.concat([reply.subarray(0, BODY_AT), bytes]);
  message.writeInt32LE(message.length, 0);
  return message;
}

/**
 * Whether a command wrote something, by its reply; a findAndModify reports it in another place than
 * the others.
 */
export function hasWritten(reply: Buffer): boolean {
  const body: Document = BSON.deserialize(reply.subarray(BODY_AT));
  const { n } = (body['lastErrorObject'] ?? body) as { readonly n?: number };
  return (n ?? 0) > 0;
}

import type { Buffer } from 'node:buffer';

import type { AggregateOptions, Document } from 'mongodb';

import type { Collections } from './documents.ts';
import { readAtOnce } from './one-answer.ts';

/** The settings of one command. `maxDocuments`: as many as it can find. */
export interface ListCommand extends Pick<AggregateOptions, 'maxTimeMS' | 'hint'> {
  readonly pipeline: Document[];
  readonly maxDocuments: number;
}

/** Returns the documents that a pipeline finds, as BSON. */
export async function findRaw(
  { contacts }: Pick<Collections, 'contacts'>,
  { pipeline, maxDocuments, maxTimeMS, hint }: ListCommand,
): Promise<readonly Buffer[]> {
  const found = await readAtOnce(contacts, {
    aggregate: contacts.collectionName,
    pipeline,
    // One more than it can find: the answer then ends the cursor.
    cursor: { batchSize: maxDocuments + 1 },
    maxTimeMS,
    ...(hint !== undefined && { hint }),
  });
  if (found !== undefined) return found;
  const limit = { ...(maxTimeMS !== undefined && { maxTimeMS }), ...(hint !== undefined && { hint }) };
  return contacts.aggregate<Buffer>(pipeline, { ...limit, batchSize: maxDocuments, raw: true }).toArray();
}

import fc from 'fast-check';

import { requestProblem } from '../../support/schema-judge.ts';
import { ENCODINGS, rendered, type Encoding, type Node } from './rendering.ts';
import { goodRequest, METHOD_NAMES } from './requests.ts';
import { isAcceptedByWorker } from './worker-judge.ts';

/**
 * What a schema finds wrong with a request that names this method; `undefined` where nothing is.
 */
export type RequestJudge = (xml: Uint8Array, method: string) => string | undefined;

/** A request that is right, of any method. */
export const anyGoodRequest = fc.constantFrom(...METHOD_NAMES).chain(goodRequest);

/** Says how worker and schema differ over the document; `undefined` where they agree. */
export function differenceOver(
  xml: Buffer,
  method: string,
  encoding: Encoding,
  judge: RequestJudge = requestProblem,
): string | undefined {
  const problem = judge(xml, method);
  const isAccepted = isAcceptedByWorker(xml);
  if (isAccepted === (problem === undefined)) return undefined;
  const verdict = isAccepted ? `worker accepts, schema says: ${problem}` : 'schema accepts, worker refuses';
  return `${verdict}\n${xml.toString(encoding === 'utf16' ? 'utf16le' : 'utf8')}`;
}

/** A request, one of its spellings, and the method that it names. */
export interface Spelled {
  readonly xml: Buffer;
  readonly method: string;
  readonly encoding: Encoding;
}

export function spelled(requests: fc.Arbitrary<Node>): fc.Arbitrary<Spelled> {
  return fc.tuple(requests, fc.nat(), fc.constantFrom<Encoding>(...ENCODINGS)).map(([request, seed, encoding]) => ({
    xml: rendered(request, seed, encoding),
    method: methodOf(request),
    encoding,
  }));
}

/** White space as XML counts it; not that of `String.prototype.trim`. */
function methodOf({ attributes }: Node): string {
  const method = attributes.find(([name]) => name === 'method')?.[1] ?? '';
  return method.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
}

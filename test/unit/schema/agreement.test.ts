import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { requestProblem } from '../../support/schema-judge.ts';
import { runs } from '../codec/runs.ts';
import { anyMutation, MUTATIONS, type Mutation } from './mutations.ts';
import { ENCODINGS, rendered, type Encoding, type Node } from './rendering.ts';
import { goodRequest, METHOD_NAMES } from './requests.ts';
import { isAcceptedByWorker } from './worker-judge.ts';

const anyGoodRequest = fc.constantFrom(...METHOD_NAMES).chain(goodRequest);
const seeds = fc.nat();
const encodings = fc.constantFrom<Encoding>(...ENCODINGS);

/** White space as XML counts it; not that of `String.prototype.trim`. */
const methodOf = ({ attributes }: Node): string =>
  (attributes.find(([name]) => name === 'method')?.[1] ?? '').replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');

/** Whether both accept the document; fails where they differ. */
function agreed(request: Node, seed: number, encoding: Encoding): boolean {
  const xml = rendered(request, seed, encoding);
  const problem = requestProblem(xml, methodOf(request));
  const isAccepted = isAcceptedByWorker(xml);
  if (isAccepted !== (problem === undefined)) {
    const verdict = isAccepted
      ? `the worker accepts, the schema says: ${problem}`
      : 'the schema accepts, the worker refuses';
    expect.fail(`${verdict}\n${xml.toString(encoding === 'utf16' ? 'utf16le' : 'utf8')}`);
  }
  return isAccepted;
}

/** Tries the requests; gives how many were accepted and refused. */
function verdicts(requests: fc.Arbitrary<Node>, numRuns: number): { accepted: number; refused: number } {
  const count = { accepted: 0, refused: 0 };
  fc.assert(
    fc.property(requests, seeds, encodings, (request, seed, encoding) => {
      count[agreed(request, seed, encoding) ? 'accepted' : 'refused'] += 1;
    }),
    { numRuns },
  );
  return count;
}

describe('schema and worker accept the same requests', () => {
  test.each(METHOD_NAMES)('%s: every request that is right, in any spelling', (method) => {
    expect(verdicts(goodRequest(method), runs(200)).refused).toBe(0);
  });

  test.each(Object.entries(MUTATIONS))('%s', (_, mutation: Mutation) => {
    expect(verdicts(anyGoodRequest.chain(mutation), runs(300)).refused).toBeGreaterThan(0);
  });

  test('several rules are broken at once', () => {
    const broken = anyGoodRequest.chain(anyMutation).chain(anyMutation).chain(anyMutation);
    const { accepted, refused } = verdicts(broken, runs(600));
    expect(accepted).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { decode } from '../../src/codec/decode.ts';
import { NO_METHOD } from '../../src/protocol/catalogue.ts';
import { answerProblem, METHODS, requestProblem, schemaProblem } from '../support/schema-judge.ts';
import { isAcceptedByWorker } from '../unit/schema/worker-judge.ts';
import { goldenCases, type GoldenCase } from './golden-cases.ts';
import { openPipeline } from './pipeline-under-test.ts';
import { compact, samples } from './samples.ts';

const cases = [...goldenCases().values()];

/** The method that the document names, where it is one of the API's. */
function methodIn(xml: Uint8Array): string {
  const decoded = decode(xml);
  const named = decoded.ok ? decoded.request.method : decoded.method;
  return METHODS.find((method) => method === named) ?? NO_METHOD;
}

/** Requests that are right, but about a contact that does not exist. */
function isRightRequest({ response }: GoldenCase): boolean {
  const answer = response.toString();
  return answer.includes('status="ok"') || answer.includes('<code>NOT_FOUND</code>');
}

/** Golden requests that only the worker refuses, by the row of docs/schema.md. */
const ONLY_THE_WORKER_REFUSES: Readonly<Record<string, string>> = {
  'request/namespace-declared': 'Namespace declarations',
};

describe.each(cases.map((golden) => [golden.name, golden] as const))('%s', (name, golden) => {
  test('the answer is valid', () => {
    const status = golden.response.includes('status="ok"') ? 'ok' : 'fail';
    const type = methodIn(golden.request);
    const properties = { type, contentType: 'application/xml', headers: { ...golden.headers, status } };
    expect(answerProblem(golden.response, properties)).toBeUndefined();
  });

  test('the schema accepts the request where the worker does', () => {
    expect(isAcceptedByWorker(golden.request)).toBe(isRightRequest(golden));
    const isValid = requestProblem(golden.request, methodIn(golden.request)) === undefined;
    expect(isValid).toBe(isRightRequest(golden) || name in ONLY_THE_WORKER_REFUSES);
  });
});

const worker = openPipeline();
beforeAll(() => worker.prepare());
beforeEach(() => worker.clear());
afterAll(() => worker.close());

describe('every request and answer in the pages', () => {
  const inPages = samples();

  test('there are some of each', () => {
    expect(new Set(inPages.map(({ kind }) => kind))).toEqual(new Set(['request', 'response']));
  });

  test.each(inPages.filter(({ kind }) => kind === 'request').map((sample) => [sample.place, sample] as const))(
    '%s is answered with what the page shows',
    async (place, { xml, answer }) => {
      const isToFail = answer?.includes('status="fail"') === true;
      const method = methodIn(xml);
      if (!isToFail) expect(requestProblem(xml, method)).toBeUndefined();
      // What is not a create is about a contact that is there.
      const example = goldenCases().get('contact.create/example');
      if (method !== 'contact.create' && example !== undefined) await worker.answer(example);
      const { body, type, headers } = await worker.answer({ request: xml, messageId: place });
      expect(headers['status'], body.toString()).toBe(isToFail ? 'fail' : 'ok');
      expect(answerProblem(body, { type, contentType: 'application/xml', headers })).toBeUndefined();
      if (answer !== undefined) expect(compact(answer)).toBe(compact(body));
    },
  );

  test.each(inPages.filter(({ kind }) => kind === 'response').map((sample) => [sample.place, sample] as const))(
    '%s is valid',
    (_, { xml }) => {
      expect(schemaProblem(xml)).toBeUndefined();
    },
  );
});

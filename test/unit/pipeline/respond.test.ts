import { expect, test } from 'vitest';

import { respond } from '../../../src/pipeline/respond.ts';
import { fault } from '../../../src/protocol/fault.ts';
import { fail, ok, type ResponseEnvelope } from '../../../src/protocol/response.ts';

const encode = (response: ResponseEnvelope): Buffer => Buffer.from(JSON.stringify(response));
const counts = { attempts: 2, batch: 3 };

test('a response becomes its document, its headers and its code', () => {
  const response = ok([], { page: 1, repeated: true });
  expect(respond({ kind: 'done', response, ...counts }, 'reference', encode)).toEqual({
    body: encode(response),
    headers: { status: 'ok', page: 1, repeated: true },
    code: 'OK',
  });
});

test('answers without headers of their own share one object', () => {
  const headersOf = (response: ResponseEnvelope): unknown =>
    respond({ kind: 'done', response, ...counts }, 'reference', encode)?.headers;
  expect(headersOf(ok([]))).toBe(headersOf(ok([])));
  expect(headersOf(fail(fault('NOT_FOUND', 'one')))).toBe(headersOf(fail(fault('INVALID_PARAMS', 'two'))));
});

test('equal pages share their headers, but of many pages not all are kept', () => {
  const headersOf = (page: number): unknown =>
    respond({ kind: 'done', response: ok([], { page, has_more: true }), ...counts }, 'reference', encode)?.headers;
  const first = headersOf(1);
  expect(headersOf(2)).toEqual({ status: 'ok', page: 2, has_more: true });
  expect(headersOf(1)).toBe(first);
  for (let page = 3; page < 300; page += 1) headersOf(page);
  expect(headersOf(1)).toEqual(first);
  expect(headersOf(1)).not.toBe(first);
});

test('a failure has the code of its first fault', () => {
  const response = fail(fault('INVALID_PARAMS', 'one'), fault('NOT_FOUND', 'two'));
  expect(respond({ kind: 'done', response, ...counts }, 'reference', encode)).toEqual({
    body: encode(response),
    headers: { status: 'fail' },
    code: 'INVALID_PARAMS',
  });
});

test('a defect is answered INTERNAL_ERROR with the reference, and nothing of the error', () => {
  const defect = { kind: 'defect', first: new Error('secret'), last: new Error('secret'), ...counts } as const;
  const answer = respond(defect, 'reference', encode);
  expect(answer).toMatchObject({ headers: { status: 'fail' }, code: 'INTERNAL_ERROR', defect });
  expect(answer?.body.toString()).toContain('its reference is reference');
  expect(answer?.body.toString()).not.toContain('secret');
});

test('a response that cannot be encoded is a defect', () => {
  const broken = new Error('cannot be written');
  const picky = (response: ResponseEnvelope): Buffer => {
    if (response.status === 'ok') throw broken;
    return encode(response);
  };
  const answer = respond({ kind: 'done', response: ok(), ...counts }, 'reference', picky);
  expect(answer).toMatchObject({
    code: 'INTERNAL_ERROR',
    defect: { kind: 'defect', first: broken, last: broken, ...counts },
  });
});

test('an INTERNAL_ERROR that cannot be encoded rejects instead of looping', () => {
  const never = (): Buffer => {
    throw new Error('cannot be written');
  };
  expect(() => respond({ kind: 'done', response: ok(), ...counts }, 'reference', never)).toThrow('cannot be written');
});

test('an abandoned request has no answer; a refused one has the answer that its refusal holds', () => {
  const response = fail(fault('INVALID_REQUEST', 'unreadable'));
  expect(respond({ kind: 'abandoned' }, 'reference', encode)).toBeUndefined();
  expect(respond({ kind: 'refused', reason: 'REPLY_TO_OWN_QUEUE' }, 'reference', encode)).toBeUndefined();
  expect(respond({ kind: 'refused', reason: 'UNREADABLE_PROPERTIES', response }, 'reference', encode)).toEqual({
    body: encode(response),
    headers: { status: 'fail' },
    code: 'INVALID_REQUEST',
  });
});

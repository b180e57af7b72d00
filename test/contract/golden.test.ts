import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { FAULT_CODES } from '../../src/protocol/catalogue.ts';
import { goldenCases } from './golden-cases.ts';
import { openPipeline } from './pipeline-under-test.ts';

const worker = openPipeline();
const cases = goldenCases();

beforeAll(() => worker.prepare());
beforeEach(() => worker.clear());
afterAll(() => worker.close());

describe.each([...cases.values()])('$name', (golden) => {
  test('is answered with exactly the bytes and headers on file', async () => {
    for (const name of golden.before) {
      const earlier = cases.get(name);
      if (earlier === undefined) throw new Error(`there is no case ${name}`);
      expect((await worker.answer(earlier)).headers, name).toMatchObject({ status: 'ok' });
    }
    const { body, headers } = await worker.answer(golden);
    expect(body.toString('utf8')).toBe(golden.response.toString('utf8'));
    expect(body.equals(golden.response)).toBe(true);
    const status = golden.response.includes('status="ok"') ? 'ok' : 'fail';
    expect(headers).toEqual({ ...golden.headers, status });
  });
});

test('each method has a folder, with its example, and every folder but that of faults before a method is a method', () => {
  const folders = new Set([...cases.keys()].map((name) => name.split('/')[0]));
  expect(folders).toEqual(new Set([...worker.methods.map(({ name }) => name), 'request']));
  for (const { name } of worker.methods) expect(cases.has(`${name}/example`)).toBe(true);
});

test('every fault that a document alone can cause has a case', () => {
  const answers = [...cases.values()].map(({ response }) => response.toString('utf8'));
  // The other three need a limit, a clock or a defect, and are tested where those are.
  const elsewhere = new Set(['REQUEST_TOO_LARGE', 'EXPIRED', 'INTERNAL_ERROR']);
  for (const code of Object.keys(FAULT_CODES).filter((one) => !elsewhere.has(one))) {
    expect(
      answers.some((text) => text.includes(`<code>${code}</code>`)),
      code,
    ).toBe(true);
  }
});

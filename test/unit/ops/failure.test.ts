import { describe, expect, test } from 'vitest';
import { failureOf, failureText } from '../../../src/ops/failure.ts';
import { UnavailableError } from '../../../src/protocol/errors.ts';

const MARK = 'jane.marked@example.org';

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('failureOf', () => {
  test('keeps name, code and frames of a driver error and drops its message', () => {
    const error = Object.assign(new Error(`E11000 duplicate key { email: "${MARK}" }`), {
      name: 'MongoServerError',
      code: 11000,
    });
    const failure = failureOf(error);
    expect(failure).toMatchObject({ name: 'MongoServerError', code: 11000 });
    expect(failure).not.toHaveProperty('message');
    expect(failure.frames?.[0]).toMatch(/failure\.test\.ts:\d+:\d+/);
    expect(JSON.stringify(failure)).not.toContain(MARK);
  });

  test("keeps the message of the project's own errors, whose texts hold no values", () => {
    class QueueDiffers extends Error {}
    expect(failureOf(new UnavailableError('the database is away')).message).toBe('the database is away');
    expect(failureOf(new QueueDiffers('x-queue-type differs'), [QueueDiffers]).message).toBe('x-queue-type differs');
    expect(failureOf(new QueueDiffers('x-queue-type differs'))).not.toHaveProperty('message');
  });

  test('drops the message of an engine error that quotes a value', () => {
    const error = thrownBy(() => JSON.parse(MARK));
    expect((error as Error).message).toContain(MARK.slice(0, 4));
    expect(JSON.stringify(failureOf(error))).not.toContain(MARK.slice(0, 4));
    expect(failureOf(error).name).toBe('SyntaxError');
  });

  test('drops a message whose lines look like frames', () => {
    const error = new Error(`first\n    at ${MARK} (/tmp/x.ts:1:2)\n    at file:///${MARK}.ts:3:4`);
    expect(JSON.stringify(failureOf(error))).not.toContain(MARK);
    expect(failureOf(error).frames?.length).toBeGreaterThan(0);
  });

  test('drops a message that changed after the stack was captured', () => {
    const error = new Error(`first ${MARK}\n    at ${MARK}`);
    error.message = 'changed';
    expect(JSON.stringify(failureOf(error))).not.toContain(MARK);
  });

  test('drops names and codes that are no identifiers', () => {
    const error = Object.assign(new Error('x'), {
      name: `Jane Marked ${MARK}`,
      code: `code of ${MARK}`,
      syscall: `${MARK}\n`,
    });
    expect(failureOf(error).name).toBe('Error');
    expect(JSON.stringify(failureOf(error))).not.toContain(MARK);
  });

  test('follows causes to a bounded depth, without their messages', () => {
    const reset = Object.assign(new Error(`read ECONNRESET ${MARK}`), { code: 'ECONNRESET', syscall: 'read' });
    const failure = failureOf(new UnavailableError('unknown outcome', { cause: reset }));
    expect(failure.cause).toMatchObject({ name: 'Error', code: 'ECONNRESET', syscall: 'read' });
    expect(JSON.stringify(failure)).not.toContain(MARK);
    const circle = new Error('circle');
    circle.cause = circle;
    expect(JSON.stringify(failureOf(circle)).match(/"cause"/g)).toHaveLength(3);
  });

  test.each([[MARK], [undefined], [null], [42], [{ message: MARK }]])(
    'returns only the type of a value that is no error (%j)',
    (thrown) => {
      expect(failureOf(thrown)).toEqual({ name: typeof thrown });
    },
  );
});

test('failureText is one short line', () => {
  const cause = Object.assign(new Error(MARK), { code: 'ECONNRESET' });
  const text = failureText(Object.assign(new TypeError(MARK, { cause }), { code: 7 }));
  expect(text).toMatch(/^TypeError 7 at .*failure\.test\.ts:\d+:\d+\)? caused by Error ECONNRESET$/);
  expect(failureText('text')).toBe('string');
});

test('an error whose properties throw is reported as unreadable', () => {
  const words = 'jane@example.org';
  const trap = {
    get: (): never => {
      throw new Error(words);
    },
  };
  expect(failureOf(Object.defineProperty(new Error('x'), 'name', trap))).toEqual({ name: 'unreadable' });
  expect(failureOf(new Error('x', { cause: Object.defineProperty(new Error('y'), 'code', trap) }))).toEqual({
    name: 'unreadable',
  });
});

import type { Method } from '../src/protocol/method.ts';
import { ok } from '../src/protocol/response.ts';
import { request } from '../test/support/documents.ts';

/**
 * What a request does to the worker that executes it; `large` has a long answer, and `fine` does no
 * harm.
 */
export type PoisonMode = 'throws' | 'kills' | 'large' | 'fine';

const MODES: readonly PoisonMode[] = ['throws', 'kills', 'large', 'fine'];
export const LARGE_ANSWER_BYTES = 40_000;

const LONG_CONTENT = [{ name: 'text', content: 'x'.repeat(LARGE_ANSWER_BYTES) }];

/**
 * A method that the API does not have: it fails by a defect, kills the process, or has a long
 * answer.
 */
export const poisonMethod: Method<PoisonMode> = {
  name: 'test.poison',
  read: (body) => ({ valid: true, command: MODES.find((mode) => mode === body[0]?.text) ?? 'throws' }),
  execute: (batch) => {
    if (batch.some(({ command }) => command === 'kills')) process.kill(process.pid, 'SIGKILL');
    if (batch.some(({ command }) => command === 'throws')) return Promise.reject(new Error('poison'));
    return Promise.resolve(batch.map(({ command }) => (command === 'large' ? ok(LONG_CONTENT) : ok())));
  },
};

/** `mark` makes the document unique. */
export function poisonRequest(mode: PoisonMode, mark: string): string {
  return request(poisonMethod.name, `<mode>${mode}</mode><mark>${mark}</mark>`);
}

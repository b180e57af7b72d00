import type { Method } from '../../src/protocol/method.ts';
import { ok } from '../../src/protocol/response.ts';
import { request } from '../support/documents.ts';

/** What a poisonous request does to the worker that executes it. */
export type PoisonMode = 'throws' | 'kills';

/** A method that the API does not have: it fails by a defect, or takes the whole process along. */
export const poisonMethod: Method<PoisonMode> = {
  name: 'test.poison',
  read: (body) => ({ valid: true, command: body[0]?.text === 'kills' ? 'kills' : 'throws' }),
  execute: (batch) => {
    if (batch.some(({ command }) => command === 'kills')) process.kill(process.pid, 'SIGKILL');
    if (batch.some(({ command }) => command === 'throws')) return Promise.reject(new Error('poison'));
    return Promise.resolve(batch.map(() => ok()));
  },
};

/** `mark` makes the document one of its own. */
export function poisonRequest(mode: PoisonMode, mark: string): string {
  return request(poisonMethod.name, `<mode>${mode}</mode><mark>${mark}</mark>`);
}

import { expect, test } from 'vitest';

import { optionsOf } from '../../../scripts/options.ts';
import { UserFacingError } from '../../../infrastructure/progress.ts';

const options = { seconds: { type: 'string' }, help: { type: 'boolean', default: false } } as const;

test('options are parsed', () => {
  expect(optionsOf({ args: ['--seconds', '3'], options }).values).toEqual({ seconds: '3', help: false });
});

test.each([
  ['--nope', "Unknown option '--nope'"],
  ['--seconds', "Option '--seconds <value>' argument missing"],
  ['more', "Unexpected argument 'more'"],
])('%s is a UserFacingError of one line, not a stack', (argument, words) => {
  const read = (): unknown => optionsOf({ args: [argument], options });
  expect(read).toThrow(UserFacingError);
  expect(read).toThrow(`${words}; see --help.`);
});

import { parseArgs, type ParseArgsConfig } from 'node:util';

import { UserFacingError } from '../infrastructure/progress.ts';

/** Like `parseArgs` of `node:util`, but invalid arguments are a UserFacingError. */
export function optionsOf<Config extends ParseArgsConfig>(config: Config): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UserFacingError(`${error.message.split('. ', 1)[0]?.replace(/\.$/, '')}; see --help.`);
  }
}

/** The number that an option's text is: decimal digits only. */
export function numberOf(text: string): number {
  if (!/^\d+$/.test(text)) throw new UserFacingError(`"${text}" is not a number.`);
  return Number(text);
}

import { parseArgs, type ParseArgsConfig } from 'node:util';

import { Obstacle } from '../infrastructure/progress.ts';

/** As `parseArgs` of `node:util`; what it refuses is an Obstacle. */
export function optionsOf<Config extends ParseArgsConfig>(config: Config): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Obstacle(`${error.message.split('. ', 1)[0]?.replace(/\.$/, '')}; --help tells what there is.`);
  }
}

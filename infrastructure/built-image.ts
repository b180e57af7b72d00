// Public module of infrastructure/: images that are built here, each from a folder with its recipe.
import { basename, join } from 'node:path';
import { ROOT } from './command.ts';
import { withLock } from './lock.ts';
import { step } from './progress.ts';
import { buildImage, imagePresent, recipeHash } from './recipe.ts';

/**
 * Builds the image of the recipe in `folder` (relative to the project) on the base that `base`
 * returns, unless it is present. Another recipe, or another `seed`, is another image. Returns its
 * name.
 */
export function ensureBuiltImage(folder: string, base: () => Promise<string>, seed = ''): Promise<string> {
  const program = basename(folder);
  const context = join(ROOT, folder);
  const name = `contacts-${program}:${recipeHash(context, seed)}`;
  return withLock(`image-${program}`, async () => {
    if (await imagePresent(name)) return name;
    const chosen = await base();
    await step(`Building the image ${name}`, () => buildImage(name, chosen, context, program));
    return name;
  });
}

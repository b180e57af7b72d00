// Public module of infrastructure/: images of Go programs.
import { ensureBuiltImage } from './built-image.ts';
import { attempt } from './command.ts';
import { reasonNotToInstall } from './debian.ts';
import { UserFacingError } from './progress.ts';
import { imagePresent } from './recipe.ts';
import { ensureBase } from './standin.ts';

/** The compiler's image where a registry can be reached; GO_IMAGE names another. */
const GO_IMAGE = 'golang:1.26-trixie';

/**
 * Builds the image of a Go program from the recipe in `folder` (relative to the project) unless it
 * is present. Returns its name. One stage of the build has the compiler: the golang image where a
 * registry answers, else Debian's package.
 */
export function ensureGoImage(folder: string): Promise<string> {
  return ensureBuiltImage(folder, compilerImage);
}

async function compilerImage(): Promise<string> {
  const named = process.env['GO_IMAGE'];
  if (named !== undefined && named !== '') return named;
  if (await imagePresent(GO_IMAGE)) return GO_IMAGE;
  const pull = await attempt('docker', ['pull', GO_IMAGE], { firstOutputMs: 60_000, limitMs: 1_200_000 });
  if (pull.code === 0) return GO_IMAGE;
  const reason = reasonNotToInstall();
  if (reason === undefined) return ensureBase();
  throw new UserFacingError(
    `${GO_IMAGE} could not be pulled, and no stand-in is built, as ${reason}. Name an image with GO_IMAGE.`,
  );
}

// Public module of infrastructure/: a Chromium for tests of pages.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ensurePackages } from './debian.ts';
import { withLock } from './lock.ts';

/** Programs that speak the DevTools protocol, the smallest first. */
const NAMES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

/**
 * Returns the path of a Chromium: the one that CHROMIUM_PATH names, else one of this machine. Where
 * there is none, installs Debian's as root; throws a UserFacingError anywhere else.
 */
export async function ensureChromium(): Promise<string> {
  const named = process.env['CHROMIUM_PATH'];
  if (named !== undefined && named !== '') return named;
  const found = present();
  if (found !== undefined) return found;
  return withLock('chromium', async () => {
    // Another run may have installed it meanwhile.
    const path = present();
    if (path !== undefined) return path;
    await ensurePackages(['chromium-headless-shell'], 'to test pages; CHROMIUM_PATH names another Chromium');
    return present() ?? '/usr/bin/chromium-headless-shell';
  });
}

function present(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const paths = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...paths, MAC].find((path) => existsSync(path));
}

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const NOT_OURS: ReadonlySet<string> = new Set(['node_modules', '.git', 'dist', 'coverage', '.cache']);

/**
 * Returns the project's own files below `root`, as relative paths with `/`, in alphabetical order.
 */
export function projectFiles(root: string, folder = ''): string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries
    .filter((entry) => !NOT_OURS.has(entry.name))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return projectFiles(root, path);
      return entry.isFile() ? [path] : [];
    })
    .toSorted();
}

/**
 * Returns the existing ones of the folders with TypeScript. They are named one by one, since some
 * tools follow links out of the project.
 */
export function sourceRoots(root: string): string[] {
  return [
    'src',
    'test',
    'chaos',
    'bench',
    'infrastructure',
    'scripts',
    'vitest.config.ts',
    'rolldown.config.js',
  ].filter((path) => existsSync(join(root, path)));
}

/** The browser's half of the console: JavaScript, without a build step. */
export const PAGE_FOLDER = 'console';

/** Returns the page's modules. */
export function pageModules(root: string): string[] {
  return projectFiles(root).filter((path) => path.startsWith(`${PAGE_FOLDER}/`) && path.endsWith('.js'));
}

/**
 * Packages with packages of their own, which are not installed here: their imports and types lead
 * nowhere. The tools' own settings leave them out too.
 */
export const NESTED_PACKAGES = ['bench/subjects/nest/', 'bench/subjects/rascal/'];

/** Returns the files that the linter and the import rules must have read. */
export function typeScriptFiles(root: string): string[] {
  const roots = sourceRoots(root);
  return projectFiles(root)
    .filter((path) => path.endsWith('.ts') && roots.includes(path.split('/', 1)[0] ?? ''))
    .filter((path) => !NESTED_PACKAGES.some((folder) => path.startsWith(folder)));
}

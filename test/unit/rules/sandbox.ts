import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const SETTINGS = ['config/tools', 'tsconfig.json', '.prettierrc.json', '.prettierignore'];

/** A clean project that every check accepts, for planting violations. */
const CLEAN: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({ name: 'sandbox', type: 'module', private: true }, undefined, 2) + '\n',
  'console/app.js': "document.title = 'hello';\n",
  'src/main.ts': "import { greeting } from './protocol/greeting.ts';\n\nprocess.exitCode = greeting.length;\n",
  'scripts/schema-changes.ts': "console.log('This project has no contract.');\n",
  'src/protocol/greeting.ts': "/** What is said. */\nexport const greeting = 'hello';\n",
};

/**
 * Creates a folder outside the project with this project's tool settings, `copied` parts and
 * `planted` files (path and text); removes it when the test ends.
 */
export function sandbox(planted: Readonly<Record<string, string>> = {}, copied: readonly string[] = []): string {
  const folder = mkdtempSync(join(tmpdir(), 'sandbox-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  plant(folder, CLEAN);
  for (const path of [...SETTINGS, ...copied]) cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  plant(folder, planted);
  return folder;
}

function plant(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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
  'docs/README.md': '# Documentation\n',
  'docs/threat-model.md':
    '| threat   | shown by                                            |\n' +
    '| -------- | --------------------------------------------------- |\n' +
    '| rudeness | `test/unit/greeting.test.ts`: "greetings are short" |\n',
  'test/unit/greeting.test.ts':
    "import { test } from 'node:test';\n\nawait test('greetings are short', () => undefined);\n",
  'package-lock.json': cleanLock(),
  'src/protocol/greeting.ts': "/** What is said. */\nexport const greeting = 'hello';\n",
};

/**
 * Creates a folder outside the project with this project's tool settings, `copied` parts and
 * `planted` files (path and text; `undefined` leaves one out); removes it when the test ends.
 */
export function sandbox(
  planted: Readonly<Record<string, string | undefined>> = {},
  copied: readonly string[] = [],
): string {
  const folder = mkdtempSync(join(tmpdir(), 'sandbox-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  plant(folder, CLEAN);
  for (const path of [...SETTINGS, ...copied]) cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  plant(folder, planted);
  return folder;
}

/** Lists what the licence check expects to find: the packages of its exceptions. */
function cleanLock(): string {
  const { exceptions } = JSON.parse(readFileSync(join(ROOT, 'config/tools/licences.json'), 'utf8')) as {
    exceptions: Record<string, string>;
  };
  const listed = { 'some-package': 'MIT', ...exceptions };
  const packages = Object.entries(listed).map(([name, license]) => [`node_modules/${name}`, { license }] as const);
  return `${JSON.stringify({ packages: Object.fromEntries(packages) })}\n`;
}

function plant(folder: string, files: Readonly<Record<string, string | undefined>>): void {
  for (const [path, text] of Object.entries(files)) {
    if (text === undefined) {
      rmSync(join(folder, path));
      continue;
    }
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

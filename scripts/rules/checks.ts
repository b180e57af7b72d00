import { documentProblems } from './documents.ts';
import { importProblems } from './import-rules.ts';
import { licenceProblems } from './licences.ts';
import { widthProblems } from './line-width.ts';
import { threatProblems } from './threat-model.ts';
import { portabilityProblems } from './portable-text.ts';
import { NESTED_PACKAGES, PAGE_FOLDER, pageModules, sourceRoots, typeScriptFiles } from './project-files.ts';
import { runScript, runTool, type ToolRun } from './tool.ts';

/** One check of the project. */
export interface Check {
  readonly name: string;
  /**
   * Resolves with the problems in the folder `root`, ready to be printed; empty where there are
   * none.
   */
  readonly problems: (root: string) => Promise<string>;
}

/** All checks, the fast ones first. A test shows that each can fail. */
export const CHECKS: readonly Check[] = [
  { name: 'formatting', problems: (root) => toolProblems('prettier', ['--check', '--log-level', 'warn', '.'], root) },
  { name: 'names and texts', problems: (root) => Promise.resolve(portabilityProblems(root).join('\n')) },
  { name: 'documents', problems: (root) => Promise.resolve(documentProblems(root).join('\n')) },
  { name: 'threat model', problems: (root) => Promise.resolve(threatProblems(root).join('\n')) },
  { name: 'licences', problems: (root) => Promise.resolve(licenceProblems(root).join('\n')) },
  { name: 'line width', problems: (root) => Promise.resolve(widthProblems(root).join('\n')) },
  { name: 'types', problems: (root) => toolProblems('tsc', ['--noEmit', '--project', 'tsconfig.json'], root) },
  {
    name: 'page types',
    problems: (root) => toolProblems('tsc', ['--noEmit', '--project', 'config/tools/page.tsconfig.json'], root),
  },
  { name: 'lint', problems: lintProblems },
  { name: 'import rules', problems: async (root) => (await importProblems(root)).join('\n') },
  {
    name: 'dead code',
    problems: (root) => toolProblems('knip', ['--config', 'config/tools/knip.json', '--no-progress'], root),
  },
  {
    name: 'contract',
    // A process of its own: it needs the codec, and the other checks must run without it.
    problems: async (root) => problemsOf(await runScript('scripts/schema-changes.ts', ['--check'], root)),
  },
];

async function toolProblems(name: string, args: readonly string[], root: string): Promise<string> {
  return problemsOf(await runTool(name, args, root));
}

function problemsOf({ exitCode, output }: ToolRun): string {
  if (exitCode === 0) return '';
  return output.trim() === '' ? `exit code ${exitCode} without output` : output;
}

/**
 * A linter that has read nothing finds nothing, so the number of files that it reports is checked
 * too.
 */
async function lintProblems(root: string): Promise<string> {
  const folders = [...sourceRoots(root), PAGE_FOLDER];
  // On the command line: patterns of the configuration hold below its own folder only.
  const left = NESTED_PACKAGES.flatMap((folder) => ['--ignore-pattern', `${folder}**`]);
  const run = await runTool('oxlint', ['--config', 'config/tools/oxlint.json', ...left, ...folders], root);
  if (run.exitCode !== 0) return problemsOf(run);
  const seen = Number(/ on (\d+) files?/.exec(run.output)?.[1] ?? 0);
  const there = typeScriptFiles(root).length + pageModules(root).length;
  return seen < there ? `${run.output}\nonly ${seen} of ${there} files were read` : '';
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { sourceRoots, typeScriptFiles } from './project-files.ts';
import { runTool } from './tool.ts';

interface Cruise {
  readonly modules: readonly { readonly source: string; readonly dependencies: readonly unknown[] }[];
  readonly summary: {
    readonly violations: readonly Violation[];
    readonly ruleSetUsed: { readonly forbidden: readonly { readonly name: string; readonly comment?: string }[] };
  };
}

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
  readonly cycle?: readonly { readonly name: string }[];
}

const OPTIONS = ['--config', 'config/tools/import-rules.json', '--output-type', 'json'];
const IMPORTS = /^(?:import|export) [^;]*from '/m;

/**
 * Returns the violations of config/tools/import-rules.json, with the reason of each rule. A file
 * whose imports were not seen is a problem too: without its parser the tool finds no import and no
 * violation, and reports success.
 */
export async function importProblems(root: string): Promise<string[]> {
  const files = typeScriptFiles(root);
  const { output } = await runTool('depcruise', [...OPTIONS, ...sourceRoots(root)], root);
  const cruise = parsed(output);
  if (cruise === undefined) return [output];
  const reasons = new Map(cruise.summary.ruleSetUsed.forbidden.map((rule) => [rule.name, rule.comment]));
  const read = cruise.modules.filter((module) => module.dependencies.length > 0).map((module) => module.source);
  const seen = new Set(read);
  const unseen = files.filter((file) => !seen.has(file) && IMPORTS.test(readFileSync(join(root, file), 'utf8')));
  return [
    ...unseen.map(
      (file) => `not-seen: ${file}\n  The tool has found none of this file's imports, so it did not check them.`,
    ),
    ...cruise.summary.violations.map((violation) => describe(violation, reasons.get(violation.rule.name) ?? '')),
  ];
}

function parsed(output: string): Cruise | undefined {
  try {
    return JSON.parse(output) as Cruise;
  } catch {
    return undefined;
  }
}

function describe({ rule, from, to, cycle }: Violation, reason: string): string {
  const way = cycle === undefined ? to : cycle.map((step) => step.name).join(' → ');
  return `${rule.name}: ${from} → ${way}\n  ${reason}`;
}

import { readFileSync } from 'node:fs';

import { bash, type BashOptions } from './page-commands.ts';

/** A block of commands in a page. */
export interface Step {
  readonly line: number;
  readonly commands: string;
  /** What the page shows behind them, where it shows something. `…` is any text within a line. */
  readonly shown: string | undefined;
}

/** A step that was run. */
export interface StepResult {
  readonly step: Step;
  /** Standard output and standard error together; `undefined` where the session ended before. */
  readonly output: string | undefined;
}

/** Every block of commands of a page, in order. */
export function stepsOf(page: URL): Step[] {
  const text = readFileSync(page, 'utf8');
  const blocks = [...text.matchAll(/^```(\w+)\n([^]*?)^```$/gm)];
  return blocks.flatMap(({ 1: language, 2: commands = '', index }, at) => {
    if (language !== 'sh') return [];
    const next = blocks[at + 1];
    const shown = next?.[1] === 'text' ? next[2] : undefined;
    return [{ line: text.slice(0, index).split('\n').length, commands, shown }];
  });
}

/** Runs the steps in one bash, one after the other, as a reader types them. */
export async function runSteps(steps: readonly Step[], options: BashOptions): Promise<StepResult[]> {
  const mark = (at: number): string => `--- end of step ${at} ---`;
  const script = steps.map(({ commands }, at) => `${commands}\necho; echo '${mark(at)}'`).join('\n');
  const { out } = await bash(`exec 2>&1; set +e\n${script}`, options);
  let rest = out;
  return steps.map((step, at) => {
    const [output, after] = cut(rest, `\n${mark(at)}\n`);
    rest = after ?? rest;
    return { step, output: after === undefined ? undefined : output };
  });
}

/** The text before a mark and the text after it, which is missing where the mark is. */
function cut(text: string, mark: string): [before: string, after?: string] {
  const at = text.indexOf(mark);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + mark.length)];
}

/** What to expect of a step's output: the page's text, with anything for `…`. */
export function patternOf(shown: string): RegExp {
  const parts = shown.trim().split('…');
  return new RegExp(`^${parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join('.*')}$`);
}

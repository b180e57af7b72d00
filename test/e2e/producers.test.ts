import { afterAll, beforeAll, expect, test } from 'vitest';

import { patternOf, runSteps, stepsOf } from '../integration/producers/page-session.ts';
import { composeProject, type ComposeProject } from '../support/compose-project.ts';
import { repositoryCopy } from '../support/repository-copy.ts';

const LIMIT_MS = 580_000;
const AMQP_PORT = /\b5672\b/g;

let project: ComposeProject;
const copy = repositoryCopy();

beforeAll(async () => {
  project = await composeProject();
}, 300_000);

afterAll(async () => {
  await project.remove();
  copy.remove();
}, 120_000);

test('the tutorial, from nothing: every command, and what the page shows of it', { timeout: 600_000 }, async () => {
  const port = project.env['RABBITMQ_PORT']!;
  // The port of the page may be in use here.
  const steps = stepsOf(new URL('../../docs/tutorial.md', import.meta.url)).map((step) => ({
    ...step,
    commands: step.commands.replaceAll(AMQP_PORT, port),
  }));
  const results = await runSteps(steps, { cwd: copy.folder, env: copy.environment(project), limitMs: LIMIT_MS });
  for (const { step, output } of results) {
    const place = `docs/tutorial.md:${step.line}\n${results.map((result) => result.output).join('\n')}`;
    expect(output, place).toBeDefined();
    if (step.shown !== undefined) expect(output?.trim(), place).toMatch(patternOf(step.shown));
  }
});

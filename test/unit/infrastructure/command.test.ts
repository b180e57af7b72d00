import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { attempt, run } from '../../../infrastructure/command.ts';

test('a missing program is a result, not an exception', async () => {
  const outcome = await attempt('no-such-program-here', []);
  expect(outcome.code).toBe(-1);
  expect(outcome.output).toContain('ENOENT');
});

test('a program that exceeds its time limit is killed', async () => {
  const outcome = await attempt('sleep', ['60'], { limitMs: 100 });
  expect(outcome).toMatchObject({ code: -1, timedOut: true });
});

test('a program without output in time is killed, one with output may continue', async () => {
  expect(await attempt('sleep', ['60'], { firstOutputMs: 100 })).toMatchObject({ code: -1, timedOut: true });
  const speaking = await attempt('sh', ['-c', 'echo a; sleep 0.6; echo b'], { firstOutputMs: 300 });
  expect(speaking).toMatchObject({ code: 0, timedOut: false, stdout: 'a\nb\n' });
});

test('a failure reports the command, its exit code, the end of its output and the log file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'contacts-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const log = join(folder, 'out.log');
  const failing = run('sh', ['-c', 'seq 1 100; echo broken >&2; exit 3'], { log });
  await expect(failing).rejects.toThrow(/`sh -c[^]*ended with code 3:\n {2}8[67]\n[^]*broken\nAll of it: .*out\.log/);
  expect(readFileSync(log, 'utf8')).toContain('\n50\n');
});

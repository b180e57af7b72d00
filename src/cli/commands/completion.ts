import type { Command } from 'commander';
import type { Run } from '../run.ts';
export function addCompletion(program: Command, run: Run): void {
  void [program, run];
}

import type { Command } from 'commander';
import type { Run } from '../run.ts';
export function addImport(program: Command, run: Run): void {
  void [program, run];
}

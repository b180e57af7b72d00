import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** Prints, at the end of a run, how many tests of each tier passed and failed. */
export default class TierReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tiers = new Map<string, { passed: number; failed: number; skipped: number; files: number; broken: number }>();
    for (const module of modules) {
      const name = module.project.name;
      const tier = tiers.get(name) ?? { passed: 0, failed: 0, skipped: 0, files: 0, broken: 0 };
      tiers.set(name, tier);
      tier.files += 1;
      // A file that did not load has no tests that could fail.
      if (module.errors().length > 0) tier.broken += 1;
      for (const test of module.children.allTests()) {
        if (test.result().state === 'passed') tier.passed += 1;
        else if (wasToBeSkipped(test)) tier.skipped += 1;
        else tier.failed += 1;
      }
    }
    const lines = [...tiers].map(([name, { passed, failed, skipped, files, broken }]) => {
      const left = skipped === 0 ? '' : `, ${skipped} skipped`;
      const more = broken === 0 ? '' : `, ${broken} of them broken`;
      return `${name.padStart(13)}: ${passed} passed, ${failed} failed${left}, in ${files} files${more}`;
    });
    process.stdout.write(`\n${lines.join('\n')}\n`);
  }
}

/** Not one that a failed hook kept from running. A test that skips itself says why. */
function wasToBeSkipped(test: TestCase): boolean {
  const result = test.result();
  return test.options.mode === 'skip' || (result.state === 'skipped' && result.note !== undefined);
}

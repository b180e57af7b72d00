import { expect, test } from 'vitest';

import { commitOf, lastRelease } from '../../chaos/upgrade/older-build.ts';
import { writeReport } from '../../chaos/report.ts';
import { upgrade } from '../../chaos/upgrade/upgrade.ts';

/** Until the first release: the build before the refactoring that moved every file. */
const BEFORE_THE_FIRST_RELEASE = 'f75370d77da0f0ce7a48df8b35bc6ca56c341c9d';

const from = (await lastRelease()) ?? BEFORE_THE_FIRST_RELEASE;
const found = await commitOf(from);
const missing = 'missing' in found ? found.missing : undefined;
if (missing !== undefined) console.warn(`NOT TESTED: the upgrade from ${from} to this build. ${missing}`);

test.skipIf(missing !== undefined)(
  `${from.slice(0, 12)} and this build share a queue and a database, up and back: nothing is lost or doubled`,
  async () => {
    const { run, record, violations } = await upgrade({
      from,
      seed: Date.now() % 1_000_000,
      requests: 400,
      long: false,
    });
    console.log(writeReport(run, record, violations));
    expect(violations).toEqual([]);
    expect(record.faults.filter(({ happened }) => !happened)).toEqual([]);
  },
);

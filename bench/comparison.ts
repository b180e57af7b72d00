// node bench/comparison.ts [FILE]: writes docs/comparison.md from a file of bench/results; without
// one, from the file that the page names.
import { readComparison, writeComparison } from './report/comparison-file.ts';
import { sourceOfPage } from './report/comparison.ts';

const file = process.argv[2] ?? sourceOfPage(readComparison());
if (file === undefined) throw new Error('name a file of bench/results');
await writeComparison(file);

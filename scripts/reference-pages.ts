import { writeFileSync } from 'node:fs';

import { CLI_PAGE, cliPage, readCliPage } from './rules/cli-page.ts';
import { METHODS_PAGE, methodsPage, readMethodsPage } from './rules/methods-page.ts';

writeFileSync(CLI_PAGE, cliPage(readCliPage()));
writeFileSync(METHODS_PAGE, methodsPage(readMethodsPage()));

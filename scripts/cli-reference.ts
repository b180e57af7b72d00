import { writeFileSync } from 'node:fs';

import { CLI_PAGE, cliPage, readCliPage } from './rules/cli-page.ts';

writeFileSync(CLI_PAGE, cliPage(readCliPage()));

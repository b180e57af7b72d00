import { writeFileSync } from 'node:fs';

import { CONFIGURATION_PAGE, configurationPage, readConfigurationPage } from './rules/configuration-page.ts';

writeFileSync(CONFIGURATION_PAGE, configurationPage(readConfigurationPage()));

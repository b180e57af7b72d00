import { writeFileSync } from 'node:fs';

import { readScalePage, SCALE_PAGE, scalePage } from './rules/scale-page.ts';

writeFileSync(SCALE_PAGE, scalePage(readScalePage()));

// Writes Grafana's dashboard from its parts in scripts/dashboard/: node scripts/dashboard.ts
import { writeFileSync } from 'node:fs';
import { contactsDashboard } from './dashboard/dashboard.ts';

const FILE = new URL('../deploy/observability/grafana/dashboards/contacts.json', import.meta.url);

writeFileSync(FILE, `${JSON.stringify(contactsDashboard(), undefined, 2)}\n`);

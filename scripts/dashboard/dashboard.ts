/* oxlint-disable typescript/no-deprecated -- The newer form is for Grafana 12 and later only. */
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DEAD_LETTERS, FLOW_CONTROL, QUEUE } from './flow.ts';
import { DATASOURCE, panelBuilder, type Row, sizeOf } from './panels.ts';
import { BROKER, PROCESSES } from './processes.ts';
import { LATENCY, OVERVIEW, REQUESTS } from './requests.ts';

const ROWS: readonly Row[] = [OVERVIEW, REQUESTS, LATENCY, QUEUE, DEAD_LETTERS, FLOW_CONTROL, PROCESSES, BROKER];
const PAGE_WIDTH = 24;

/** The dashboard in Grafana's form; deploy/observability/grafana/dashboards/contacts.json holds it. */
export function contactsDashboard(): Dashboard {
  const builder = emptyDashboard();
  let id = 1;
  let y = 0;
  for (const row of ROWS) {
    builder.withRow(new RowBuilder(row.title).id(id).gridPos({ h: 1, w: PAGE_WIDTH, x: 0, y }));
    id += 1;
    y += 1;
    let x = 0;
    let height = 0;
    for (const panel of row.panels) {
      const { h, w } = sizeOf(panel);
      if (x + w > PAGE_WIDTH) [x, y] = [0, y + height];
      builder.withPanel(panelBuilder(panel, id, x, y));
      id += 1;
      x += w;
      height = h;
    }
    y += height;
  }
  return builder.build();
}

/** The dashboard without panels: name, times, and what can be chosen at the top. */
function emptyDashboard(): DashboardBuilder {
  return new DashboardBuilder('Contacts')
    .uid('contacts')
    .description('The contacts workers, their queue and their broker. docs/operations/dashboard.md')
    .tags(['contacts'])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .timezone('browser')
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .withVariable(
      new QueryVariableBuilder('instance')
        .label('Worker')
        .datasource(DATASOURCE)
        .query('label_values(contacts_ready, instance)')
        .refresh(VariableRefresh.OnTimeRangeChanged)
        .multi(true)
        .includeAll(true)
        .allValue('.+')
        .current({ text: 'All', value: '$__all' }),
    )
    .annotation(
      new AnnotationQueryBuilder()
        .name('Critical alerts')
        .datasource(DATASOURCE)
        .enable(true)
        .iconColor('red')
        .expr('ALERTS{alertstate="firing", alertname=~"Contacts.+", severity="critical"}')
        .titleFormat('{{alertname}}'),
    );
}

import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  BigValueColorMode,
  BigValueGraphMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { type Panel, ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

/** The data source that the person chose at the top of the page. */
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' } as const;
/** The page is 24 columns wide. */
const STAT = { h: 4, w: 3 } as const;
const GRAPH = { h: 8, w: 8 } as const;

/** What a panel shows, and how to read it. */
export interface PanelText {
  readonly title: string;
  readonly description: string;
  /** Grafana's name of the unit, such as `s`, `bytes` or `percentunit`. */
  readonly unit: string;
}

/** A number with its recent course. It turns orange, and red, from these values on. */
export interface Stat extends PanelText {
  readonly expr: string;
  readonly orange?: number;
  readonly red?: number;
  /** Few is bad: red below 1. */
  readonly needed?: boolean;
}

/** Lines over time: legend and query of each group of lines. */
export interface Graph extends PanelText {
  readonly lines: Readonly<Record<string, string>>;
  readonly stacked?: boolean;
}

/** A row of the page with its panels, from left to right. */
export interface Row {
  readonly title: string;
  readonly panels: readonly (Stat | Graph)[];
}

/** Builds a panel at a place of the page. */
export function panelBuilder(panel: Stat | Graph, id: number, x: number, y: number): Builder<Panel> {
  return 'lines' in panel ? graphBuilder(panel, id, x, y) : statBuilder(panel, id, x, y);
}

/** Returns the panel's height and width, in the page's units. */
export function sizeOf(panel: Stat | Graph): { readonly h: number; readonly w: number } {
  return 'lines' in panel ? GRAPH : STAT;
}

function statBuilder(stat: Stat, id: number, x: number, y: number): Builder<Panel> {
  return new StatBuilder()
    .id(id)
    .title(stat.title)
    .description(stat.description)
    .datasource(DATASOURCE)
    .gridPos({ ...STAT, x, y })
    .unit(stat.unit)
    .noValue('–')
    .thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(thresholds(stat)))
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.Area)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .withTarget(new DataqueryBuilder().refId('A').datasource(DATASOURCE).expr(stat.expr).range());
}

function thresholds({ orange, red, needed }: Stat): { value: number | null; color: string }[] {
  if (needed === true) {
    return [
      { value: null, color: 'red' },
      { value: 1, color: 'green' },
    ];
  }
  return [
    { value: null, color: 'green' },
    ...(orange === undefined ? [] : [{ value: orange, color: 'orange' }]),
    ...(red === undefined ? [] : [{ value: red, color: 'red' }]),
  ];
}

function graphBuilder(graph: Graph, id: number, x: number, y: number): Builder<Panel> {
  const queries = Object.entries(graph.lines).map(([legend, expr], index) =>
    new DataqueryBuilder()
      .refId(String.fromCodePoint('A'.codePointAt(0)! + index))
      .datasource(DATASOURCE)
      .expr(expr)
      .legendFormat(legend)
      .range(),
  );
  return new TimeseriesBuilder()
    .id(id)
    .title(graph.title)
    .description(graph.description)
    .datasource(DATASOURCE)
    .gridPos({ ...GRAPH, x, y })
    .unit(graph.unit)
    .min(0)
    .lineWidth(1)
    .fillOpacity(graph.stacked === true ? 40 : 10)
    .showPoints(VisibilityMode.Never)
    .stacking(new StackingConfigBuilder().mode(graph.stacked === true ? StackingMode.Normal : StackingMode.None))
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs([]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .targets(queries);
}

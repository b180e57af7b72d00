import type { Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';

/** A line of a graph: its legend, and points with `x` from 0 to 1. */
export interface Line {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

type Queries = (expr: string, legend: string) => Promise<readonly Line[]>;

interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

const COLUMN = 50;
const LINE = 20;
const GAP = 3;
const MAX_LEGENDS = 5;
const COLOURS = ['#2f7d32', '#b58900', '#1f5fa8', '#c0392b', '#7b4fa3', '#00838f', '#8d6e63', '#546e7a'];

/** Draws the panels at their places, with what their queries return. Not Grafana's own drawing. */
export async function drawDashboard(panels: readonly (Panel | RowPanel)[], queries: Queries): Promise<string> {
  const drawn: string[] = [];
  for (const panel of panels) drawn.push('targets' in panel ? await panelOf(panel, queries) : row(panel));
  const bottom = Math.max(...panels.map(({ gridPos }) => gridPos!.y + gridPos!.h));
  const size = `width="${24 * COLUMN}" height="${bottom * LINE}" viewBox="0 0 ${24 * COLUMN} ${bottom * LINE}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#f4f5f5"/>
${drawn.join('\n')}
</svg>
`;
}

function boxOf({ gridPos }: Panel | RowPanel): Box {
  const { x, y, w, h } = gridPos!;
  return { x: x * COLUMN + GAP, y: y * LINE + GAP, w: w * COLUMN - 2 * GAP, h: h * LINE - 2 * GAP };
}

function row(panel: Panel | RowPanel): string {
  const { x, y } = boxOf(panel);
  return text(x + 4, y + 11, panel.title ?? '', 'font-weight="bold" font-size="13"');
}

async function panelOf(panel: Panel, queries: Queries): Promise<string> {
  const box = boxOf(panel);
  const targets = (panel.targets ?? []).flatMap((target: object) => (isQuery(target) ? [target] : []));
  const lines = (await Promise.all(targets.map(({ expr, legendFormat = '' }) => queries(expr, legendFormat)))).flat();
  const finite = lines
    .map(({ name, points }) => ({ name, points: points.filter(({ y }) => Number.isFinite(y)) }))
    .filter(({ points }) => points.length > 0);
  const frame = `<rect x="${box.x}" y="${box.y}" width="${box.w}" height="${box.h}" fill="#fff" stroke="#ddd"/>`;
  const title = text(box.x + 6, box.y + 14, panel.title ?? '', 'fill="#333"');
  const unit = panel.fieldConfig?.defaults.unit ?? 'short';
  return [frame, title, panel.type === 'stat' ? stat(box, finite, unit) : graph(box, finite, unit)].join('\n');
}

function isQuery(target: object): target is { readonly expr: string; readonly legendFormat?: string } {
  return 'expr' in target;
}

function stat(box: Box, lines: readonly Line[], unit: string): string {
  const last = lines[0]?.points.at(-1)?.y;
  const value = last === undefined ? '–' : formatted(last, unit);
  return text(box.x + box.w / 2, box.y + 52, value, 'font-size="26" text-anchor="middle" fill="#2f7d32"');
}

function graph(box: Box, lines: readonly Line[], unit: string): string {
  const top = Math.max(...lines.flatMap(({ points }) => points.map(({ y }) => y)), 0);
  const height = top > 0 ? top : 1;
  const area = { x: box.x + 52, y: box.y + 24, w: box.w - 60, h: box.h - 56 };
  const axis = [0, 0.5, 1].map((part) => {
    const y = area.y + area.h * (1 - part);
    const grid = `<path d="M${area.x} ${y.toFixed(0)}h${area.w}" stroke="#eee"/>`;
    return grid + text(area.x - 4, y + 4, formatted(height * part, unit), 'text-anchor="end" fill="#777"');
  });
  const paths = lines.map(({ points }, index) => {
    const place = points.map(
      ({ x, y }) => `${(area.x + x * area.w).toFixed(0)} ${(area.y + area.h * (1 - y / height)).toFixed(0)}`,
    );
    return `<path d="M${place.join('L')}" fill="none" stroke="${COLOURS[index % COLOURS.length]}"/>`;
  });
  return [...axis, ...paths, ...legend(box, lines)].join('\n');
}

function legend(box: Box, lines: readonly Line[]): string[] {
  const shown = lines.slice(0, MAX_LEGENDS);
  const more = lines.length > shown.length ? [`and ${lines.length - shown.length} more`] : [];
  return [...shown.map(({ name }) => name), ...more].map((name, index) => {
    const x = box.x + 8 + (index % 3) * (box.w / 3);
    const y = box.y + box.h - 18 + Math.floor(index / 3) * 13;
    const short = name.length > 22 ? `${name.slice(0, 21)}…` : name;
    return text(x, y, short, `fill="${COLOURS[index % COLOURS.length]}" font-size="10"`);
  });
}

function formatted(value: number, unit: string): string {
  if (value === 0) return '0';
  if (unit === 'percentunit') return `${(value * 100).toPrecision(2)} %`;
  if (unit === 'bytes') {
    return value < 1024 ** 3 ? `${(value / 1024 ** 2).toFixed(0)} MiB` : `${(value / 1024 ** 3).toPrecision(3)} GiB`;
  }
  if (unit === 's') return value < 1 ? `${Number((value * 1000).toPrecision(2))} ms` : `${value.toPrecision(2)} s`;
  const short = Number(value.toPrecision(3));
  return unit === 'reqps' ? `${short}/s` : `${short}`;
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(0)}" y="${y.toFixed(0)}" ${attributes}>${escaped}</text>`;
}

/** One line of a panel. */
export interface Line {
  /** Empty: not in the legend. */
  readonly name: string;
  readonly colour: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** A chart; all panels of a plot share the x axis. */
export interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
  /** A logarithmic y axis; values below 1 are drawn at 1. */
  readonly logarithmic?: boolean;
}

/** A shaded time. */
export interface Band {
  readonly from: number;
  readonly until: number;
}

export const COLOURS = ['#0b62a4', '#d1495b', '#2e8540', '#8a5a00', '#6a3d9a', '#555555'] as const;

const WIDTH = 960;
const LEFT = 70;
const PLOT_WIDTH = WIDTH - LEFT - 20;
const PANEL_HEIGHT = 120;
const PANEL_STEP = 175;
const TOP = 50;

/** Returns an SVG: the panels one below the other, x in minutes from 0 to `end`. */
export function plotOf(title: string, panels: readonly Panel[], bands: readonly Band[], end: number): string {
  const height = TOP + panels.length * PANEL_STEP;
  const x = (value: number): number => LEFT + (PLOT_WIDTH * value) / end;
  const parts = panels.map((panel, index) => drawn(panel, TOP + index * PANEL_STEP + 20, bands, x, end));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    text(LEFT, 24, title, 'start'),
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function drawn(panel: Panel, top: number, bands: readonly Band[], x: (value: number) => number, end: number): string {
  const bottom = top + PANEL_HEIGHT;
  const values = panel.lines.flatMap(({ points }) => points.map(([, value]) => value));
  const most = Math.max(1, ...values);
  const log = panel.logarithmic === true;
  const share = (value: number): number =>
    log ? Math.log10(Math.max(1, value)) / Math.max(1, Math.ceil(Math.log10(most))) : value / niceAbove(most);
  const y = (value: number): number => bottom - PANEL_HEIGHT * share(value);
  const shades = bands.map(({ from, until }) => {
    const width = Math.max(0.5, x(until) - x(from)).toFixed(1);
    return `<rect x="${x(from).toFixed(1)}" y="${top}" width="${width}" height="${PANEL_HEIGHT}" fill="#f3d9b1"/>`;
  });
  const yTicks = log
    ? Array.from({ length: Math.max(1, Math.ceil(Math.log10(most))) + 1 }, (_, power) => 10 ** power)
    : [0, 0.5, 1].map((part) => part * niceAbove(most));
  const grid = yTicks.map(
    (tick) =>
      `<path d="M${LEFT} ${y(tick).toFixed(1)}h${PLOT_WIDTH}" stroke="#bbb" stroke-width="0.5"/>` +
      text(LEFT - 6, y(tick) + 4, String(Math.round(tick * 100) / 100), 'end'),
  );
  const step = niceAbove(end / 8);
  const xTicks = Array.from({ length: Math.floor(end / step) + 1 }, (_, at) => at * step);
  const times = xTicks.map((tick) => text(x(tick), bottom + 15, `${Math.round(tick * 100) / 100}`, 'middle'));
  const curves = panel.lines.map(({ points, colour }) => {
    const path = points.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.4"/>`;
  });
  const legend = panel.lines
    .filter(({ name }) => name !== '')
    .map(({ name, colour }, index) => text(LEFT + 330 + index * 130, top - 6, name, 'start', colour));
  return [text(LEFT, top - 6, panel.title, 'start'), ...shades, ...grid, ...times, ...curves, ...legend].join('\n');
}

/** The next of 1, 2, 5, 10, 20, … */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-6)));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10);
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end', colour = '#222'): string {
  const place = `x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}"`;
  return `<text ${place} font-size="${anchor === 'start' ? 13 : 11}" fill="${colour}">${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

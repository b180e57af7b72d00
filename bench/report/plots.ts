const WIDTH = 860;
const HEIGHT = 300;
const LEFT = 60;
const RIGHT = 120;
const BOTTOM = 30;
const TOP = 14;
/** The smallest distance between two labels of an axis. */
const TICK_ROOM = 46;
const COLOURS = ['#1b6ca8', '#d1783b', '#6a9955', '#8e5aa8', '#b23a48', '#777777'];

/** A line through points; x must be above 0. */
export interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

/** Groups of bars, one colour for each name. */
export function bars(values: readonly { group: string; name: string; value: number }[]): string {
  const groups = [...new Set(values.map(({ group }) => group))];
  const names = [...new Set(values.map(({ name }) => name))];
  const most = Math.max(...values.map(({ value }) => value));
  const room = (WIDTH - LEFT - RIGHT) / groups.length;
  const width = (room * 0.8) / names.length;
  const drawn = values.map(({ group, name, value }) => {
    const x = LEFT + groups.indexOf(group) * room + names.indexOf(name) * width;
    const y = yOf(value, most);
    const bar = `<rect x="${x}" y="${y}" width="${width - 2}" height="${HEIGHT - BOTTOM - y}" fill="${colour(names.indexOf(name))}"/>`;
    return `${bar}${label(x + width / 2, y - 3, value.toFixed(0), 'middle')}`;
  });
  const below = groups.map((group, i) => label(LEFT + (i + 0.4) * room, HEIGHT - 10, group, 'middle'));
  return svg([...drawn, ...below, ...legend(names)]);
}

/** Curves over a logarithmic x; y begins at 0. */
export function curves(all: readonly Curve[], unit: string): string {
  const points = all.flatMap((curve) => curve.points);
  const most = Math.max(...points.map(([, y]) => y));
  const xs = [...new Set(points.map(([x]) => x))].toSorted((a, b) => a - b);
  const [least, last] = [Math.log(xs.at(0) ?? 1), Math.log(xs.at(-1) ?? 1)];
  const xOf = (x: number): number => LEFT + ((Math.log(x) - least) / (last - least || 1)) * (WIDTH - LEFT - RIGHT);
  const drawn = all.map(({ points: own }, i) => {
    const path = own.map(([x, y]) => `${xOf(x).toFixed(1)},${yOf(y, most).toFixed(1)}`).join(' ');
    const dots = own.map(([x, y]) => `<circle cx="${xOf(x)}" cy="${yOf(y, most)}" r="3" fill="${colour(i)}"/>`);
    return `<polyline points="${path}" fill="none" stroke="${colour(i)}" stroke-width="2"/>${dots.join('')}`;
  });
  const ticks: number[] = [];
  for (const x of xs) if (ticks.every((other) => xOf(x) - xOf(other) >= TICK_ROOM)) ticks.push(x);
  const below = ticks.map((x) => label(xOf(x), HEIGHT - 10, x.toFixed(0), 'middle'));
  const beside = [0, most / 2, most].map((y) => label(LEFT - 6, yOf(y, most) + 4, `${y.toFixed(0)} ${unit}`, 'end'));
  return svg([...drawn, ...below, ...beside, ...legend(all.map(({ name }) => name))]);
}

function yOf(value: number, most: number): number {
  return TOP + (1 - value / most) * (HEIGHT - TOP - BOTTOM);
}

function colour(i: number): string {
  return COLOURS[i % COLOURS.length] ?? '#000';
}

function label(x: number, y: number, text: string, anchor: 'middle' | 'end' | 'start'): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escaped(text)}</text>`;
}

function legend(names: readonly string[]): readonly string[] {
  return names.map((name, i) => {
    const y = TOP + 8 + i * 18;
    const mark = `<rect x="${WIDTH - RIGHT + 14}" y="${y - 9}" width="10" height="10" fill="${colour(i)}"/>`;
    return mark + label(WIDTH - RIGHT + 30, y, name, 'start');
  });
}

function svg(parts: readonly string[]): string {
  const axis = `<path d="M${LEFT} ${TOP}V${HEIGHT - BOTTOM}H${WIDTH - RIGHT}" fill="none" stroke="#999"/>`;
  const text = 'font-family="system-ui, sans-serif" font-size="11" fill="#444"';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" ${text} role="img"><rect width="100%" height="100%" fill="#fff"/>${axis}${parts.join('')}</svg>`;
}

import uPlot from '/assets/uplot.js';
import { h } from './dom.js';

const HEIGHT = 180;
/** A single point needs a width, too. */
const MIN_SECONDS = 60;
const dark = matchMedia('(prefers-color-scheme: dark)');

/**
 * A plot over time. `series`: `{ label, color (a CSS variable), format(value) }`. Its legend shows
 * the latest values, or those under the pointer.
 */
export class Chart {
  #series;
  /** Absent until the place has a width. */
  #plot;
  #data;
  #values;
  #place = h('div', { class: 'plot', 'aria-hidden': 'true' });

  constructor(title, series) {
    this.#series = series;
    this.#data = [[], ...series.map(() => [])];
    this.#values = series.map(() => h('span', { class: 'legend-value' }, '–'));
    const legend = series.map(({ label, color }, nth) =>
      h('span', { class: 'legend-item' }, h('i', { class: `dot ${color}` }), `${label} `, this.#values[nth]),
    );
    this.element = h(
      'figure',
      { class: 'card chart' },
      h('figcaption', {}, h('h2', {}, title), h('div', { class: 'legend' }, legend)),
      this.#place,
    );
    new ResizeObserver(() => this.#resize()).observe(this.#place);
    dark.addEventListener('change', () => this.#draw());
  }

  /** `points` in order of time; `read` gives a point's values in the order of the series. */
  show(points, read) {
    const columns = points.map(read);
    this.#data = [
      points.map((point) => point.time / 1_000),
      ...this.#series.map((_, nth) => columns.map((values) => values[nth])),
    ];
    if (this.#plot === undefined) this.#draw();
    else this.#plot.setData(this.#data);
    this.#describe(this.#data[0].length - 1);
  }

  #describe(index) {
    this.#series.forEach(({ format }, nth) => (this.#values[nth].textContent = format(this.#data[nth + 1][index])));
  }

  #resize() {
    const width = Math.floor(this.#place.clientWidth);
    if (this.#plot !== undefined && width > 0 && width !== this.#plot.width)
      this.#plot.setSize({ width, height: HEIGHT });
  }

  #draw() {
    if (this.#place.clientWidth === 0) return;
    this.#plot?.destroy();
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(`--${name}`).trim();
    const axis = {
      stroke: color('muted'),
      grid: { stroke: color('grid'), width: 1 },
      ticks: { show: false },
      font: '11px system-ui, sans-serif',
    };
    /** @type {import('uplot').Options} */
    const options = {
      width: Math.floor(this.#place.clientWidth),
      height: HEIGHT,
      padding: [10, 12, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { setScale: false }, points: { size: 6 } },
      scales: {
        x: { range: (_, from, to) => [Math.min(from, to - MIN_SECONDS), to] },
        y: { range: (_, _low, high) => [0, Math.max(1, (high ?? 0) * 1.15)] },
      },
      axes: [
        { ...axis, size: 26, gap: 6, space: 80, values: (_, times) => times.map(clock) },
        {
          ...axis,
          size: 44,
          space: 32,
          values: (_, values) => values.map((value) => (value >= 1_000 ? `${value / 1_000}k` : String(value))),
        },
      ],
      series: [
        {},
        ...this.#series.map(({ label, color: name, area }) => ({
          label,
          stroke: color(name),
          width: 1.6,
          points: { show: false },
          ...(area && { fill: `${color(name)}22` }),
        })),
      ],
      hooks: { setCursor: [({ cursor }) => this.#describe(cursor.idx ?? this.#data[0].length - 1)] },
    };
    this.#plot = new uPlot(options, this.#data, this.#place);
  }
}

const CLOCK = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

function clock(seconds) {
  return CLOCK.format(new Date(seconds * 1_000));
}

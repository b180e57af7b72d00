/** One sample of Prometheus' text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** Reads the samples of a metrics page; skips what is none. */
export function samplesIn(page: string): Sample[] {
  return page.split('\n').flatMap((line) => {
    const parts = LINE.exec(line);
    const value = Number(parts?.[3]);
    if (parts === null || Number.isNaN(value)) return [];
    const labels = [...(parts[2] ?? '').matchAll(LABEL)].map(([, name = '', text = '']) => [name, text]);
    return [{ name: parts[1] ?? '', labels: Object.fromEntries(labels) as Record<string, string>, value }];
  });
}

/** What `watch` shows of the workers; totals since their starts. */
export interface WorkerFigures {
  readonly workers: number;
  readonly ready: number;
  readonly inFlight: number;
  readonly requests: number;
  readonly repeats: number;
  readonly deadLetters: number;
  /** Failures by code. */
  readonly failures: Readonly<Record<string, number>>;
  /** Seconds that requests took, in all. */
  readonly seconds: number;
  readonly held: readonly string[];
}

/** Adds up the pages of several workers. */
export function figuresOf(pages: readonly string[]): WorkerFigures {
  const samples = pages.flatMap(samplesIn);
  const total = (name: string): number =>
    samples.filter((sample) => sample.name === name).reduce((sum, { value }) => sum + value, 0);
  const failures: Record<string, number> = {};
  for (const { name, labels, value } of samples) {
    if (name !== 'contacts_requests_total' || labels['status'] !== 'fail') continue;
    const code = labels['code'] ?? '';
    failures[code] = (failures[code] ?? 0) + value;
  }
  const held = samples.filter(({ name, value }) => name === 'contacts_intake_held' && value > 0);
  return {
    workers: pages.length,
    ready: total('contacts_ready'),
    inFlight: total('contacts_in_flight'),
    requests: total('contacts_requests_total'),
    repeats: total('contacts_repeats_total'),
    deadLetters: total('contacts_dead_letters_total'),
    failures,
    seconds: total('contacts_request_duration_seconds_sum'),
    held: held.map(({ labels }) => labels['reason'] ?? ''),
  };
}

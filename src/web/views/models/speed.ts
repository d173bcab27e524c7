/** Speed of the server, from its Prometheus metrics. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Parses the Prometheus text format; other lines are skipped. */
export function parseSamples(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (!name || Number.isNaN(Number(value))) return [];
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', text = '']) => [key, text]);
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
  });
}

/** Number and total duration of runs. */
export interface RunTotals {
  readonly seconds: number;
  readonly times: number;
}

/** Runs of graphs of a kind, by model, since the server started. */
export function runsOf(samples: readonly Sample[], wanted: 'level' | 'decode'): Readonly<Record<string, RunTotals>> {
  const runs: Record<string, RunTotals> = {};
  for (const { name, labels, value } of samples) {
    const part = /^kandid_run_seconds_(sum|count)$/.exec(name)?.[1];
    const { model, graph } = labels;
    if (!part || !model || graph !== wanted) continue;
    const { seconds, times } = runs[model] ?? { seconds: 0, times: 0 };
    runs[model] = part === 'sum' ? { seconds: value, times } : { seconds, times: value };
  }
  return runs;
}

/** Mean milliseconds of the runs between two polls, of all runs if there were none, null before the first run. */
export function meanMs(now: RunTotals, before: RunTotals = { seconds: 0, times: 0 }): number | null {
  const since = now.times > before.times ? before : { seconds: 0, times: 0 };
  const times = now.times - since.times;
  return times > 0 ? (1000 * (now.seconds - since.seconds)) / times : null;
}

/** Sum of a counter over all label values. */
export function total(samples: readonly Sample[], wanted: string, labels: Sample['labels'] = {}): number {
  const fits = (sample: Sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value);
  return samples.reduce((sum, sample) => (sample.name === wanted && fits(sample) ? sum + sample.value : sum), 0);
}

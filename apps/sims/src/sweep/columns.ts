import type { JobReport } from './job.ts';
import type { ParamValue } from './vary.ts';

/** Columns of every sweep, between the parameters and the results. */
const FIXED = ['seed', 'reason', 'simTime', 'events', 'digest'] as const;

/** The columns of a sweep's CSV: parameters, what every run has, and what runs of this model are summed up to. */
export class Columns {
  readonly names: readonly string[];
  /** The columns of results. */
  readonly results: readonly string[];
  readonly #params: readonly string[];
  readonly #keys: readonly string[];

  /** @param keys names of the results */
  constructor(params: readonly string[], keys: readonly string[]) {
    this.#params = params;
    this.#keys = keys;
    const before = [...params.map(paramColumn), ...FIXED];
    this.results = keys.map((key) => (before.includes(key) ? `result-${key}` : key));
    this.names = [...before, ...this.results];
  }

  /** The cells of a run; of one that failed, those that are known. */
  row(params: Readonly<Record<string, ParamValue>>, seed: number, report: JobReport | undefined): string[] {
    const cells = [...this.#params.map((name) => String(params[name])), String(seed)];
    if (report === undefined) return [...cells, 'failed', '', '', '', ...this.#keys.map(() => '')];
    const { reason, simTime, events, digest, results } = report;
    const values = this.#keys.map((key) => (results[key] === undefined ? '' : String(results[key])));
    return [...cells, reason, String(simTime), String(events), digest, ...values];
  }
}

/** The column of a parameter: its name, unless every sweep has such a column. */
export function paramColumn(name: string): string {
  return (FIXED as readonly string[]).includes(name) ? `model-${name}` : name;
}

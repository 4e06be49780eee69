/** What the runs at one point came to. */
export interface PointSummary {
  readonly x: string;
  /** Which line it belongs to; empty where there is only one. */
  readonly series: string;
  readonly runs: number;
  readonly mean: number;
  readonly least: number;
  readonly most: number;
  /** Standard deviation of the runs; 0 for one run. */
  readonly deviation: number;
}

type Sums = { -readonly [K in Exclude<keyof PointSummary, 'deviation'>]: PointSummary[K] } & {
  squares: number;
};

/** Sums up values by point, one at a time: it keeps what the points come to, not the values. */
export class Aggregate {
  readonly #points = new Map<string, Sums>();

  /** Source: B. P. Welford, Note on a method for calculating corrected sums of squares and products (1962). */
  add(x: string, series: string, value: number): void {
    const key = JSON.stringify([x, series]);
    let point = this.#points.get(key);
    if (point === undefined) {
      point = { x, series, runs: 0, mean: 0, least: value, most: value, squares: 0 };
      this.#points.set(key, point);
    }
    point.runs += 1;
    const off = value - point.mean;
    point.mean += off / point.runs;
    point.squares += off * (value - point.mean);
    point.least = Math.min(point.least, value);
    point.most = Math.max(point.most, value);
  }

  /** The points, in the order in which they were first met. */
  summaries(): PointSummary[] {
    return Array.from(this.#points.values(), ({ squares, ...point }) => ({
      ...point,
      deviation: point.runs > 1 ? Math.sqrt(squares / (point.runs - 1)) : 0,
    }));
  }
}

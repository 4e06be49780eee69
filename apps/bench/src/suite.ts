/** One way of doing what a case measures. */
interface Contestant {
  readonly name: string;
  /** Runs once and answers the figure. */
  readonly run: () => Promise<number>;
}

export interface Case {
  readonly name: string;
  readonly unit: string;
  /** Made when the case is run; `smoke` asks for as little work as shows that it works. */
  readonly contestants: (smoke: boolean) => readonly Contestant[];
}

export interface Suite {
  readonly name: string;
  readonly help: string;
  readonly cases: readonly Case[];
}

/** What a contestant reached: the median of its runs. */
export interface Result {
  readonly suite: string;
  readonly case: string;
  readonly contestant: string;
  readonly value: number;
  readonly unit: string;
  readonly runs: readonly number[];
}

/** Runs the contestants of a case in turn, so that whatever else the machine does meets all alike. */
export async function race(suite: string, entry: Case, runs: number, smoke: boolean): Promise<Result[]> {
  const contestants = entry.contestants(smoke);
  const figures = contestants.map((): number[] => []);
  // The first round warms up and does not count.
  for (let run = smoke ? 1 : 0; run <= runs; run += 1) {
    for (const [index, contestant] of contestants.entries()) {
      const figure = await contestant.run();
      if (run > 0) figures[index]?.push(figure);
    }
  }
  return contestants.map(({ name }, index) => {
    const own = figures[index] ?? [];
    return { suite, case: entry.name, contestant: name, value: median(own), unit: entry.unit, runs: own };
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** What a contestant is asked for. */
export interface Work {
  /** As little as shows that it works; the figure does not matter. */
  readonly smoke: boolean;
  /** Seconds that a throughput is measured for, after the warm-up. */
  readonly seconds: number;
  /** What these seconds are of: the clock on the wall, or the processor, where others keep the machine busy. */
  readonly clock: 'wall' | 'cpu';
  /** Least delay of a hop in the cases of PHOLD, in simulated seconds. */
  readonly lookahead: number;
}

/** What one run of a contestant came to. */
export interface Outcome {
  readonly value: number;
  /** What the contestant did, not how fast: a check must come out the same wherever contestants of a case give it. */
  readonly checks?: Readonly<Record<string, string | number>>;
  /** Figures of {@link Case.also}, by name. */
  readonly also?: Readonly<Record<string, number>>;
}

/** One way of doing what a case measures. */
export interface Contestant {
  readonly name: string;
  /** Runs once, in a process of its own. Imports what it needs there, so that nothing else is loaded beside it. */
  readonly run: (work: Work) => Outcome | Promise<Outcome>;
  /** True for one that starts a process itself: it is run where the harness runs. */
  readonly hasOwnProcess?: boolean;
  /** Options of Node that it needs. */
  readonly execArgv?: readonly string[];
  /** The command that runs Node for it. */
  readonly prefix?: () => readonly string[];
  /** Why it cannot run on this machine; undefined where it can. */
  readonly unable?: () => string | undefined;
}

/** What is measured, and in which direction it is better. */
interface Measure {
  readonly unit: string;
  readonly better: 'more' | 'less';
}

export interface Case extends Measure {
  readonly name: string;
  readonly help: string;
  readonly contestants: readonly Contestant[];
  /** Further figures of the same runs; each is listed as a case of its own, `NAME-KEY`. */
  readonly also?: Readonly<Record<string, Measure>>;
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

import type { Model, Report } from '@troupe/core';
import airline from './airline/model.ts';
import chain from './chain.ts';
import conveyors from './conveyors.ts';

/** A sim that can be run by its name. */
export interface Sim {
  readonly model: Model;
  readonly url: URL;
  /** Clusters when nobody says how many. */
  readonly clusters: number;
  /** Lines for people, beside what every run prints. */
  readonly describe: (results: Readonly<Record<string, unknown>>, report: Report) => string[];
}

const here = (path: string): URL => new URL(path, import.meta.url);

export const CATALOGUE: Readonly<Record<string, Sim>> = {
  airline: {
    model: airline as unknown as Model,
    url: here('./airline/model.ts'),
    clusters: 2,
    describe: () => [],
  },
  chain: {
    model: chain as unknown as Model,
    url: here('./chain.ts'),
    clusters: 2,
    describe: ({ trail, signed }, { by }) => [
      `trail     ${(trail as number[]).slice(0, 60).join(' > ')}${(trail as number[]).length > 60 ? ' > ...' : ''}`,
      `contract  made by agent ${by?.agent}, signed by ${(signed as number[]).length}`,
    ],
  },
  conveyors: {
    model: conveyors as unknown as Model,
    url: here('./conveyors.ts'),
    clusters: 2,
    describe: ({ handovers, ticks }) => [
      ...(handovers as { line: number; from: number; to: number; time: number }[])
        .slice(0, 12)
        .map(
          ({ line, from, to, time }) =>
            `${time.toFixed(2).padStart(8)} s  line ${line}: conveyor ${from} to ${to}`,
        ),
      ...(ticks === undefined ? [] : [`timer     ${ticks as number} ticks`]),
    ],
  },
};

import { availableParallelism } from 'node:os';
import type { ParseArgsOptionDescriptor } from 'node:util';
import { type ParamSpecs, resolveParams } from '@troupe/core';
import { CATALOGUE, type Sim } from '../catalogue.ts';
import {
  optionOf,
  readOptions,
  type TransportName,
  toNumber,
  transportNamed,
  UsageError,
} from '../command-line.ts';
import { type PlotWish, parsePlot } from './plot-wish.ts';
import { parseVary, type Varied } from './vary.ts';

/** What a sweep was asked for. */
export interface SweepCommand {
  readonly name: string;
  readonly sim: Sim;
  readonly varied: readonly Varied[];
  /** Parameters that are the same in all runs. */
  readonly fixed: Readonly<Record<string, unknown>>;
  /** Seed of the first run at each point; the others have the seeds after it. */
  readonly seed: number;
  readonly repeat: number;
  /** Runs side by side. */
  readonly jobs: number;
  readonly clusters: number;
  readonly transport: TransportName;
  readonly until: number | undefined;
  /** Milliseconds of wall time that a run may take. */
  readonly timeout: number;
  readonly out: string;
  /** Undefined for no plot. */
  readonly plot: PlotWish | undefined;
}

const OPTIONS = {
  vary: { type: 'string', multiple: true },
  repeat: { type: 'string' },
  jobs: { type: 'string' },
  out: { type: 'string' },
  plot: { type: 'string', multiple: true },
  seed: { type: 'string' },
  until: { type: 'string' },
  timeout: { type: 'string' },
  clusters: { type: 'string' },
  transport: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} satisfies Record<string, ParseArgsOptionDescriptor>;

/** Longest timer that there is: 24 days. */
const MOST_SECONDS = 2_000_000;

/** Reads what follows `sweep`; undefined where help was asked for. */
export function parseSweep(args: readonly string[]): SweepCommand | undefined {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h') return undefined;
  const sim = Object.hasOwn(CATALOGUE, name) ? CATALOGUE[name] : undefined;
  if (sim === undefined) {
    throw new UsageError(
      `sweep ${JSON.stringify(name)}: there is no such sim; give one of ${Object.keys(CATALOGUE).join(', ')}`,
    );
  }
  const specs = sim.model.params ?? {};
  const { values, params } = readOptions(rest, specs, OPTIONS);
  if (values['help'] === true) return undefined;
  resolveParams(specs, params);
  const varied = variedOf((values['vary'] ?? []) as string[], specs, params);
  const number = (option: string, least: number, most: number, isWhole: boolean): number | undefined => {
    if (values[option] === undefined) return undefined;
    const value = toNumber(option, values[option]);
    if (value >= least && value <= most && (!isWhole || Number.isInteger(value))) return value;
    const what = isWhole ? 'a whole number' : 'a number';
    throw new UsageError(`--${option} is ${value}: give ${what} from ${least} to ${most}`);
  };
  const timeout = number('timeout', 0.001, MOST_SECONDS, false);
  return {
    name,
    sim,
    varied,
    fixed: params,
    seed: number('seed', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, false) ?? 1,
    repeat: number('repeat', 1, 1e9, true) ?? 1,
    jobs: number('jobs', 1, 1024, true) ?? availableParallelism(),
    clusters: number('clusters', 1, 1024, true) ?? 1,
    transport: transportNamed(values['transport'] ?? 'in-process'),
    until: number('until', 0, Number.MAX_VALUE, false),
    timeout: timeout === undefined ? Number.POSITIVE_INFINITY : timeout * 1000,
    out: (values['out'] as string | undefined) ?? `${name}-sweep.csv`,
    plot: parsePlot((values['plot'] ?? []) as string[]),
  };
}

function variedOf(
  texts: readonly string[],
  specs: ParamSpecs,
  fixed: Readonly<Record<string, unknown>>,
): readonly Varied[] {
  const varied = texts.map((text) => parseVary(text, specs));
  varied.forEach(({ name }, index) => {
    if (varied.findIndex((other) => other.name === name) < index) {
      throw new UsageError(`--vary ${name} is given twice: give all its values at once, separated by commas`);
    }
    if (Object.hasOwn(fixed, name)) {
      throw new UsageError(
        `${name} is both varied and given by --${optionOf(name, OPTIONS)}: leave one of them out`,
      );
    }
  });
  return varied;
}

export const SWEEP_HELP = [
  'npm run sim -- sweep NAME --vary PARAMETER=VALUES [options]',
  '',
  'Runs a sim for all combinations of the values, with several seeds, side by side; writes one line of CSV per run, and a plot.',
  '',
  '  --vary NAME=VALUES       values separated by commas; for numbers also ranges: 1..10, 0..1:0.1 (by steps of 0.1),',
  '                           1..10/4 (4 values); may be given several times, for other parameters',
  '  --repeat N               runs of each combination, with one seed after the other (default 1)',
  '  --seed N                 the first of these seeds (default 1)',
  '  --jobs N                 runs side by side, each in a process (default: as many as there are processors)',
  '  --timeout N              seconds after which a run is given up (default: none)',
  '  --out FILE               the CSV (default NAME-sweep.csv)',
  '  --plot y=COLUMN          what is plotted, into FILE with the ending .svg (default: the first result that varies);',
  '                           also x=COLUMN, color=COLUMN, band=range, deviation or none, separated by commas;',
  '                           none for no plot',
  '  --until N                simulated seconds after which a run ends',
  '  --clusters N             clusters of each run (default 1)',
  '  --transport NAME         in-process or threads, for each run (default in-process)',
  '',
  'All other parameters of the model can be given too, as for one run; those with the name of an option above as',
  '--model-NAME. Ctrl-C ends the sweep and keeps what is done.',
].join('\n');

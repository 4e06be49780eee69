import { type ParseArgsOptionDescriptor, parseArgs } from 'node:util';
import type { ParamSpec, ParamSpecs } from '@troupe/core';
import {
  PLACEMENT_HELP,
  PLACEMENT_OPTIONS,
  type PlacementWish,
  readPlacementWish,
} from './placement-options.ts';
import { UsageError } from './usage-error.ts';

export { UsageError };

/** What was asked for on the command line. */
export interface Command {
  readonly clusters: number | undefined;
  readonly transport: TransportName;
  readonly seed: number;
  readonly json: boolean;
  readonly help: boolean;
  readonly until: number | undefined;
  readonly speed: number | undefined;
  readonly params: Record<string, unknown>;
  /** Where the event log goes. */
  readonly log: string | undefined;
  /** `airline`: also run in one thread and compare. */
  readonly headline: boolean;
  readonly page: string | undefined;
  /** `fission`: one event per key. True when nothing else was said of how to run. */
  readonly step: boolean;
  readonly placement: PlacementWish;
  /** `market`: where inputs go, and where they come from. */
  readonly record: string | undefined;
  readonly replay: string | undefined;
  /** `market`: on the clock on the wall. */
  readonly live: boolean;
}

const TRANSPORTS = ['in-process', 'threads'] as const;
export type TransportName = (typeof TRANSPORTS)[number];

const COMMON = {
  clusters: { type: 'string' },
  transport: { type: 'string' },
  seed: { type: 'string' },
  until: { type: 'string' },
  speed: { type: 'string' },
  log: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  headline: { type: 'boolean' },
  page: { type: 'string' },
  step: { type: 'boolean' },
  ...PLACEMENT_OPTIONS,
  record: { type: 'string' },
  replay: { type: 'string' },
  live: { type: 'boolean' },
} satisfies Record<string, ParseArgsOptionDescriptor>;

/** Who gives one of these wants a run as other sims have it. */
const NOT_STEPPED = [
  'clusters',
  'transport',
  'until',
  'speed',
  'log',
  'json',
  ...Object.keys(PLACEMENT_OPTIONS),
];

/** Options of `market` alone. */
const OF_MARKET = ['record', 'replay', 'live'];

/** What makes sense only where time is simulated. */
const SIMULATED = ['until', 'speed', 'log', 'json', 'record', 'replay', ...Object.keys(PLACEMENT_OPTIONS)];

/** What a recording says itself. */
const RECORDED = ['seed', 'until', 'record'];

type Options = Readonly<Record<string, ParseArgsOptionDescriptor>>;

/** Names that a model's parameters take on the command line: `--speed` is pacing already. */
export function optionOf(param: string, taken: Options = COMMON): string {
  return Object.hasOwn(taken, param) ? `model-${param}` : param;
}

/** Reads options, of which those of the model's parameters are told apart and checked by their type. */
export function readOptions(
  args: readonly string[],
  specs: ParamSpecs,
  taken: Options,
): { readonly values: Record<string, unknown>; readonly params: Record<string, unknown> } {
  const own = Object.fromEntries(
    Object.entries(specs).map(([name, spec]): [string, ParseArgsOptionDescriptor] => [
      optionOf(name, taken),
      { type: spec.type === 'boolean' ? 'boolean' : 'string' },
    ]),
  );
  let values: Record<string, unknown>;
  try {
    values = parseArgs({ args: [...args], options: { ...taken, ...own }, allowNegative: true }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message} (--help tells the options)`);
  }
  const params: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const option = optionOf(name, taken);
    const value = values[option];
    if (value === undefined) continue;
    params[name] = spec.type === 'number' || spec.type === 'integer' ? toNumber(option, value) : value;
  }
  return { values, params };
}

/** @throws {UsageError} naming the transports that there are */
export function transportNamed(name: unknown): TransportName {
  if (TRANSPORTS.includes(name as TransportName)) return name as TransportName;
  throw new UsageError(`--transport is ${JSON.stringify(name)}: give one of ${TRANSPORTS.join(', ')}`);
}

/** Reads the options of the sim `name` whose model has these parameters. */
export function parseCommand(args: readonly string[], specs: ParamSpecs, name?: string): Command {
  const { values, params } = readOptions(args, specs, COMMON);
  const foreign = OF_MARKET.find((option) => values[option] !== undefined);
  if (name !== undefined && name !== 'market' && foreign !== undefined) {
    throw new UsageError(`--${foreign} is an option of market: ${name} takes nothing in from outside`);
  }
  const recorded = [...RECORDED.filter((option) => values[option] !== undefined), ...Object.keys(params)][0];
  if (values['replay'] !== undefined && recorded !== undefined) {
    throw new UsageError(`--replay goes by its file: leave out --${recorded}`);
  }
  const simulated = SIMULATED.find((option) => values[option] !== undefined);
  if (values['live'] === true && simulated !== undefined) {
    throw new UsageError(`--live goes by the clock on the wall: leave out --${simulated}`);
  }
  const notStepped = NOT_STEPPED.find((name) => values[name] !== undefined);
  if (values['step'] === true && notStepped !== undefined) {
    throw new UsageError(`--step goes event by event in one thread: leave out --${notStepped}`);
  }
  const number = (name: string): number | undefined =>
    values[name] === undefined ? undefined : toNumber(name, values[name]);
  return {
    clusters: number('clusters'),
    transport: transportNamed(values['transport'] ?? 'threads'),
    seed: number('seed') ?? 1,
    json: values['json'] === true,
    help: values['help'] === true,
    until: number('until'),
    speed: number('speed'),
    params,
    log: values['log'] as string | undefined,
    headline: values['headline'] === true,
    page: values['page'] as string | undefined,
    step: (values['step'] as boolean | undefined) ?? notStepped === undefined,
    placement: readPlacementWish(values),
    record: values['record'] as string | undefined,
    replay: values['replay'] as string | undefined,
    live: values['live'] === true,
  };
}

/** @throws {UsageError} */
export function toNumber(name: string, value: unknown): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
  if (!Number.isNaN(number)) return number;
  throw new UsageError(`--${name} is ${JSON.stringify(value)}: give a number`);
}

/** What a parameter may be, as far as its type does not say. */
function rangeOf(spec: ParamSpec): string {
  if (spec.type === 'text') return spec.choices === undefined ? '' : `${spec.choices.join(' or ')}, `;
  if (spec.type === 'boolean') return '';
  const { min, max } = spec;
  if (min !== undefined && max !== undefined) return `${min} to ${max}, `;
  if (min !== undefined) return `from ${min}, `;
  return max === undefined ? '' : `up to ${max}, `;
}

/** The options that a model's parameters are, a line each. */
export function helpOfParams(specs: ParamSpecs, taken: Options = COMMON): string[] {
  return Object.entries(specs).map(([param, spec]) => {
    const value = spec.type === 'boolean' ? '' : spec.type === 'text' ? ' TEXT' : ' N';
    return `  --${`${optionOf(param, taken)}${value}`.padEnd(22)} ${spec.help} (${rangeOf(spec)}default ${String(spec.default)})`;
  });
}

/** The help of one sim. */
export function helpOf(name: string, help: string, specs: ParamSpecs): string {
  const lines = helpOfParams(specs);
  return [
    `npm run sim -- ${name} [options]`,
    '',
    help,
    '',
    ...lines,
    '',
    '  --clusters N             clusters that the agents are divided into (default 2)',
    `  --transport NAME         ${TRANSPORTS.join(' or ')} (default threads)`,
    '  --seed N                 seed of all random streams (default 1)',
    '  --until N                simulated seconds after which the run ends',
    `  --speed N                simulated seconds per second (default: ${name === 'market' ? '20; of a replay, ' : ''}as fast as it goes)`,
    '  --log FILE               writes every delivery to a file, as a line of JSON (see diff)',
    ...PLACEMENT_HELP,
    '  --json                   nothing but the report, as one line of JSON',
    ...(name === 'fission' ? ['  --no-step                run to the end without asking for keys'] : []),
    ...(name === 'market'
      ? [
          '  --record FILE            writes what is typed to a file, with the time that it was given',
          '  --replay FILE            runs what was recorded again: same seed, parameters and inputs, same digest',
          '  --live                   on the clock on the wall, clusters run freely; no digest',
        ]
      : []),
  ].join('\n');
}

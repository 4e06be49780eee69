import { isDeepStrictEqual, type ParseArgsOptionDescriptor } from 'node:util';
import type { EventRecord, Report, SimulationError } from '@troupe/core';
import { findGuest, type Guest } from '../check/guest.ts';
import { compareTrials, type Outcome, runTrial, type Trial, type TrialOptions } from '../check/trial.ts';
import { helpOfParams, readOptions, toNumber, UsageError } from '../command-line.ts';
import { whole } from '../table.ts';
import { describeDiff, show } from './diff.ts';
import type { Subcommand } from './subcommand.ts';

const CLUSTERS = 3;
const MAX_EVENTS = 100_000;

const OPTIONS = {
  clusters: { type: 'string' },
  seed: { type: 'string' },
  until: { type: 'string' },
  'max-events': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} satisfies Record<string, ParseArgsOptionDescriptor>;

/** `npm run sim -- check MODEL`: whether a model has the same course wherever its agents are. */
export const check: Subcommand = {
  usage: 'check MODEL [options]',
  help: 'runs a model (the name of a sim, a path or a URL) in strict mode on 1 and on several clusters and says what is not deterministic',
  async run(args, print) {
    const [name, ...rest] = args;
    if (name === undefined || name === '--help' || name === '-h') {
      for (const line of helpFor('MODEL')) print(line);
      return name === undefined ? 2 : 0;
    }
    const guest = await findGuest(name);
    const specs = guest.model.params ?? {};
    const { values, params } = readOptions(rest, specs, OPTIONS);
    if (values['help'] === true) {
      for (const line of [...helpFor(name), '', ...helpOfParams(specs, OPTIONS)]) print(line);
      return 0;
    }
    const number = (option: keyof typeof OPTIONS, otherwise: number): number =>
      values[option] === undefined ? otherwise : toNumber(option, values[option]);
    const clusters = number('clusters', CLUSTERS);
    if (!(Number.isInteger(clusters) && clusters >= 2)) {
      throw new UsageError(`--clusters is ${clusters}: give a whole number from 2, to be compared with one`);
    }
    const options: TrialOptions = {
      seed: number('seed', 1),
      params,
      until: values['until'] === undefined ? undefined : number('until', 0),
      maxEvents: number('max-events', MAX_EVENTS),
    };
    return (await isDeterministic(guest, clusters, options, print)) ? 0 : 1;
  },
};

function helpFor(name: string): string[] {
  return [
    `npm run sim -- check ${name} [options]`,
    '',
    'Runs a model, also one outside of this repository, five times: in one cluster twice, in one cluster without strict',
    'mode, in several clusters, and in several with its agents placed otherwise. All must take the same course. If they',
    'do not, it names the first agent, time and message that differ, or what an agent used that it must not, and what is',
    'likely to be the reason. Exit status: 0 deterministic, 1 not, 2 it cannot be checked.',
    '',
    `  --clusters N             clusters to compare with one (default ${CLUSTERS})`,
    '  --seed N                 seed of all random streams (default 1)',
    '  --until N                simulated seconds after which the runs end',
    `  --max-events N           events after which they end (default ${MAX_EVENTS})`,
  ];
}

const ONE: Trial = { name: '1 cluster', clusters: 1, strict: true, elsewhere: false };

/** What is compared with {@link ONE}, and what is likely to be the reason when it differs. */
function others(clusters: number): readonly (readonly [trial: Trial, reason: string])[] {
  const shared =
    'something that agents of one cluster share: a variable of the module, a static member, an object that several agents were given as an argument; or populate() looks at how many clusters there are';
  return [
    [
      { ...ONE, name: '1 cluster, once more' },
      'randomness or a clock that strict mode cannot see: while the module is loaded, in place(), or in what is read from outside; use this.random, this.time and parameters',
    ],
    [
      { ...ONE, name: '1 cluster, not strict', strict: false },
      'a body that an agent goes on using after it has sent it: within a cluster the receiver has the same object, elsewhere a copy; send a copy',
    ],
    [{ ...ONE, name: `${clusters} clusters`, clusters }, shared],
    [{ ...ONE, name: `${clusters} clusters, placed otherwise`, clusters, elsewhere: true }, shared],
  ];
}

/** Errors of a model that was not run at all. */
const NOT_RUN: ReadonlySet<unknown> = new Set([
  'ERR_TROUPE_MODEL_INVALID',
  'ERR_TROUPE_OPTION',
  'ERR_TROUPE_PARAM',
]);

async function isDeterministic(
  guest: Guest,
  clusters: number,
  options: TrialOptions,
  print: (line: string) => void,
): Promise<boolean> {
  const first = await runTrial(guest, ONE, options);
  if ('error' in first && NOT_RUN.has((first.error as SimulationError).code)) throw first.error;
  print(lineOf(ONE, first));
  if ('error' in first) {
    for (const line of describeError(first.error as SimulationError)) print(line);
    return false;
  }
  for (const [trial, reason] of others(clusters)) {
    const outcome = await runTrial(guest, trial, options);
    print(lineOf(trial, outcome));
    const differs = 'error' in outcome || !isAlike(first.report, outcome.report);
    if (!differs) continue;
    print(`not deterministic: the run "${trial.name}" takes another course than the first`);
    if ('error' in outcome)
      for (const line of describeError(outcome.error as SimulationError)) print(`  ${line}`);
    else
      for (const line of await describe(guest, trial, options, [first.report, outcome.report]))
        print(`  ${line}`);
    print(`  likely: ${reason}`);
    return false;
  }
  print(`deterministic: ${1 + others(clusters).length} runs, one course`);
  return true;
}

/** Whatever must not depend on where agents are. */
function isAlike(a: Report, b: Report): boolean {
  const course = ({
    digest,
    events,
    reason,
    simTime,
    by,
    value,
    deadLetters,
    failures,
    results,
  }: Report) => ({
    ...{ digest, events, reason, simTime, by, value, deadLetters, failures, results },
  });
  return isDeepStrictEqual(course(a), course(b));
}

function lineOf({ name }: Trial, outcome: Outcome): string {
  const came =
    'error' in outcome ? 'failed' : `${outcome.report.digest}  ${whole(outcome.report.events)} events`;
  return `  ${name.padEnd(28)} ${came}`;
}

/** Where a trial parts from the first one. Both are run again for it, with their event logs. */
async function describe(
  guest: Guest,
  trial: Trial,
  options: TrialOptions,
  reports: readonly [Report, Report],
): Promise<string[]> {
  const { difference, handled } = await compareTrials(guest, [ONE, trial], options);
  if (!difference.equal) {
    const { kind, a, b } = difference;
    const { from, sentAt } = (kind === 'only-b' ? b : a) as EventRecord;
    const doing = handled.length === 0 ? 'at' : `while it handled ${handled.map(show).join(' or ')} at`;
    return [
      ...describeDiff(difference, [ONE.name, trial.name]),
      `the message was sent by agent ${show(from)} ${doing} time ${sentAt} s`,
    ];
  }
  const [a, b] = reports;
  for (const name of new Set([...Object.keys(a.results), ...Object.keys(b.results)])) {
    const [one, other] = [a.results[name] ?? {}, b.results[name] ?? {}];
    for (const agent of new Set([...Object.keys(one), ...Object.keys(other)])) {
      if (isDeepStrictEqual(one[agent], other[agent])) continue;
      return [
        `agent ${agent} got the same messages, but reports ${show(one[agent])} as ${show(name)}, and then ${show(other[agent])}`,
      ];
    }
  }
  return ['the runs differed, but not when they were run again to find where: it does not always show'];
}

/** Errors that would be others, or none, if agents were placed otherwise. */
const BY_PLACE: ReadonlySet<unknown> = new Set([
  'ERR_TROUPE_ASYNC_HANDLER',
  'ERR_TROUPE_BODY_NOT_ENCODABLE',
  'ERR_TROUPE_LOOKAHEAD',
  'ERR_TROUPE_STRICT',
]);

function describeError(error: SimulationError): string[] {
  const reason = (error.cause ?? error) as SimulationError;
  if (!BY_PLACE.has(reason.code)) return [`the model fails: ${error.message}`, ...whereOf(error, reason)];
  return [`not deterministic: ${reason.message}`, ...whereOf(error, reason)];
}

/** When it happened, and where in the model. */
function whereOf({ time, round }: SimulationError, { stack = '' }: Error): string[] {
  const when =
    time === undefined
      ? ''
      : `at time ${time} s${round === undefined || round < 0 ? '' : `, round ${round}`}`;
  let where = '';
  for (const [, place = ''] of stack.matchAll(/^ +at (?:.* \()?(file:\/\/[^)\n]+?:\d+:\d+)\)?$/gm)) {
    if (where === '' && !/\/packages\/[^/]+\/(?:src|dist)\//.test(place)) where = place;
  }
  const lines = [when, where].filter((part) => part !== '');
  return lines.length === 0 ? [] : [`  ${lines.join(', ')}`];
}

import {
  type AgentId,
  diffLogs,
  type EventRecord,
  type LogDiff,
  type Report,
  Simulation,
} from '@troupe/core';
import { threads } from '@troupe/transport-worker';
import type { Guest } from './guest.ts';

/** What a model is run with, the same in all runs. */
export interface TrialOptions {
  readonly seed: number;
  readonly params: Readonly<Record<string, unknown>>;
  readonly until: number | undefined;
  readonly maxEvents: number;
}

/** One of the runs that must be alike. */
export interface Trial {
  /** For people: `1 cluster`. */
  readonly name: string;
  readonly clusters: number;
  readonly strict: boolean;
  readonly elsewhere: boolean;
}

/** How a trial ended. */
export type Outcome = { readonly report: Report } | { readonly error: Error };

/** Each trial has threads of its own, so that what a module keeps in variables is not shared between them. */
function simulate(guest: Guest, trial: Trial, options: TrialOptions, eventLog: boolean): Simulation {
  return new Simulation(trial.elsewhere ? guest.elsewhere : guest.url, {
    clusters: trial.clusters,
    transport: threads(),
    strict: trial.strict,
    seed: options.seed,
    params: options.params,
    eventLog,
  });
}

async function outcomeOf(
  simulation: Simulation,
  { until, maxEvents }: TrialOptions,
  signal?: AbortSignal,
): Promise<Outcome> {
  const limits = until === undefined ? { maxEvents } : { maxEvents, until };
  try {
    return { report: await simulation.run(signal === undefined ? limits : { ...limits, signal }) };
  } catch (error) {
    return { error: error as Error };
  } finally {
    await simulation.close();
  }
}

/** Runs one trial. */
export function runTrial(guest: Guest, trial: Trial, options: TrialOptions): Promise<Outcome> {
  return outcomeOf(simulate(guest, trial, options, false), options);
}

/** What an agent got at one instant. */
interface Instant {
  readonly time: number;
  readonly topics: Set<string>;
}

/** How many instants of each agent are kept: what it sends now and then is due some instants later. */
const INSTANTS = 8;

/** Where two trials part, and what the agent was handling that sent the first message that differs. */
export interface Parting {
  readonly difference: LogDiff;
  /** Topics that the sender got at the time at which it sent the message; none in setup, or when it was long ago. */
  readonly handled: readonly string[];
}

/** Runs two trials side by side, comparing what happens as it happens. */
export async function compareTrials(
  guest: Guest,
  trials: readonly [Trial, Trial],
  options: TrialOptions,
): Promise<Parting> {
  const ended = new AbortController();
  const [left, right] = trials.map((trial) => simulate(guest, trial, options, true)) as [
    Simulation,
    Simulation,
  ];
  const last = new Map<AgentId, Instant[]>();
  const comparing = diffLogs(noting(left.eventLog(), last), right.eventLog()).finally(() => ended.abort());
  await Promise.all([left, right].map((simulation) => outcomeOf(simulation, options, ended.signal)));
  const difference = await comparing;
  return { difference, handled: difference.equal ? [] : handledBySender(difference, last) };
}

/** Passes events on and keeps, of each agent, what it got at its latest instants. */
async function* noting(
  events: AsyncIterable<EventRecord>,
  last: Map<AgentId, Instant[]>,
): AsyncGenerator<EventRecord> {
  for await (const event of events) {
    yield event;
    const instants = last.get(event.to) ?? [];
    const latest = instants.at(-1);
    if (latest?.time === event.time) latest.topics.add(event.topic);
    else instants.push({ time: event.time, topics: new Set([event.topic]) });
    if (instants.length > INSTANTS) instants.shift();
    last.set(event.to, instants);
  }
}

function handledBySender(
  { kind, a, b }: Extract<LogDiff, { equal: false }>,
  last: ReadonlyMap<AgentId, readonly Instant[]>,
): string[] {
  const event = (kind === 'only-b' ? b : a) as EventRecord;
  const sent = last.get(event.from)?.find(({ time }) => time === event.sentAt);
  return [...(sent?.topics ?? [])];
}

import { type Report, resolveParams, Simulation, type SimulationOptions } from '@troupe/core';
import { inProcess, type Transport } from '@troupe/transport';
import { threads } from '@troupe/transport-worker';
import type { Sim } from './catalogue.ts';
import type { Command, TransportName } from './command-line.ts';
import { LogFile } from './log-file.ts';
import { type Line, Placing } from './placing.ts';

/** A finished run: the report as it came, and its results as the sim sums them up. */
export interface Outcome {
  readonly report: Report;
  readonly results: Readonly<Record<string, unknown>>;
  /** What came of what was asked for about where agents live. */
  readonly placing: readonly Line[];
}

/** A transport of that name. */
export function transportOf(name: TransportName): Transport {
  return name === 'threads' ? threads() : inProcess();
}

/** Where a sim runs. */
export interface Place {
  readonly clusters: number;
  readonly transport: TransportName;
}

/** What a run is told beside what the command line says. */
type Extras = Pick<SimulationOptions, 'inputs' | 'logLevel'>;

/**
 * Runs a sim once.
 *
 * @param attend gets the simulation before it runs
 */
export async function runSim(
  sim: Pick<Sim, 'model' | 'url' | 'sumsUpCut'>,
  command: Pick<Command, 'seed' | 'params' | 'until' | 'speed'> &
    Partial<Pick<Command, 'log' | 'placement'>> &
    Extras,
  place: Place,
  attend?: (simulation: Simulation) => void,
): Promise<Outcome> {
  const { seed, params, placement } = command;
  const placing =
    placement === undefined
      ? undefined
      : new Placing(placement, sim.model, { seed, params, clusters: place.clusters });
  const simulation = new Simulation(sim.url, {
    clusters: place.clusters,
    transport: transportOf(place.transport),
    seed,
    params,
    eventLog: command.log !== undefined,
    ...placing?.options,
    inputs: command.inputs ?? [],
    logLevel: command.logLevel ?? 'off',
  });
  const log = command.log === undefined ? undefined : new LogFile(command.log, simulation);
  try {
    attend?.(simulation);
    const report = await simulation.run({
      ...(command.until === undefined ? {} : { until: command.until }),
      ...(command.speed === undefined ? {} : { speed: command.speed }),
      ...(log === undefined ? {} : { signal: log.signal }),
    });
    const lines = (await placing?.after(simulation, report)) ?? [];
    return { report, results: resultsOf(sim, report, params), placing: lines };
  } finally {
    await simulation.close();
    await log?.written();
  }
}

/** Whether a run was ended before the model came to its own end. */
export function wasCut({ reason }: Report): boolean {
  return reason !== 'idle' && reason !== 'stopped';
}

/** The results of a run that was cut short are what agents had reported by then, unless the sim can sum those up. */
export function resultsOf(
  { model, sumsUpCut }: Pick<Sim, 'model' | 'sumsUpCut'>,
  report: Report,
  given: Record<string, unknown>,
): Readonly<Record<string, unknown>> {
  if (model.summarize === undefined || (wasCut(report) && sumsUpCut !== true)) return report.results;
  return model.summarize(report, resolveParams(model.params ?? {}, given) as never);
}

/** The report as the one line of JSON that programs read. */
export function toJson({ report, results }: Pick<Outcome, 'report' | 'results'>): string {
  return JSON.stringify({ ...report, results }, (_key, item) =>
    ArrayBuffer.isView(item) ? Array.from(item as Int32Array) : item,
  );
}

import type { InputRecord, Report, Simulation } from '@troupe/core';
import type { Sim } from '../catalogue.ts';
import { type Command, UsageError } from '../command-line.ts';
import { type Outcome, type Place, runSim, transportOf } from '../run-sim.ts';
import { whole } from '../table.ts';
import { Desk, type Floor, paramsOf } from './desk.ts';
import { runLive } from './live.ts';
import market from './model.ts';
import { VISITOR } from './protocol.ts';
import { beginRecording, readRecording, record } from './recording.ts';
import type { LineSource, Screen } from './terminal.ts';

/** Simulated seconds per second when somebody watches. */
const WATCHABLE = 20;

/** What a live market came to, in lines. */
export async function liveMarket(
  sim: Sim,
  { seed, params }: Pick<Command, 'seed' | 'params'>,
  { clusters, transport }: Place,
  input: LineSource,
  screen: Screen,
): Promise<string[]> {
  const place = { clusters, transport: transportOf(transport), seed, params };
  const { by, results, wallTime, delivered } = await runLive(place, input, screen);
  // It need not all be settled: nothing but the clock on the wall says when messages arrive.
  const summary = market.summarize?.({ results } as Report, paramsOf(params)) ?? {};
  return [
    ...sim.describe(summary, { results } as Report),
    `ended     ${by?.reason ?? 'by its owner'} after ${wallTime.toFixed(1)} s, ${whole(delivered)} messages`,
  ];
}

/** A way from the desk into a simulation. */
function floorOf(simulation: Simulation): Floor {
  const way = simulation.openInput();
  return {
    send: async (topic, body) => (await way.send(VISITOR, topic, body)).time,
    close: () => way.close(),
  };
}

/** Runs the market with somebody at the desk, unless the command asks for a run as other sims have it. */
export async function runMarket(
  sim: Sim,
  command: Command,
  place: Place,
  input: LineSource,
  screen: Screen,
): Promise<Outcome> {
  const { record: path, replay, speed } = command;
  if (command.json && path !== undefined) {
    throw new UsageError('--record keeps what is typed, and nobody types with --json: leave one out');
  }
  const again = replay === undefined ? undefined : readRecording(replay);
  const asked = { ...command, ...again };
  if (command.json || (again !== undefined && speed === undefined)) return runSim(sim, asked, place);
  if (path !== undefined) beginRecording(path, { ...asked, params: paramsOf(asked.params) });
  const desk = new Desk(asked.params, input, screen);
  let inputs: readonly InputRecord[] = [];
  try {
    const paced = { ...asked, speed: speed ?? WATCHABLE, logLevel: 'info' as const };
    return await runSim(sim, paced, place, (simulation) => {
      ({ inputs } = simulation);
      simulation.on('log', (entry) => desk.see(entry));
      desk.open(again === undefined ? floorOf(simulation) : undefined);
    });
  } finally {
    desk.close();
    // Of a run that failed, too: it can be had again.
    if (path !== undefined) record(path, inputs);
  }
}

import { type FileHandle, open } from 'node:fs/promises';
import { constants } from 'node:os';
import { resolveParams } from '@troupe/core';
import { UsageError } from '../command-line.ts';
import { whole } from '../table.ts';
import { type Columns, paramColumn } from './columns.ts';
import { inOrder } from './in-order.ts';
import type { Job } from './job.ts';
import { JobPool } from './job-pool.ts';
import { Meter } from './meter.ts';
import { parseSweep, SWEEP_HELP, type SweepCommand } from './options.ts';
import { type Axes, firstToVary, plot } from './plot.ts';
import { SweepFile, type SweepRun } from './sweep-file.ts';
import { type ParamValue, pointAt, pointCount } from './vary.ts';

/** Runs per process that may be under way, or done and waiting for one before them. */
const AHEAD = 16;

/** `npm run sim -- sweep NAME ...`: answers the exit status. */
export async function sweep(args: readonly string[], print: (line: string) => void): Promise<number> {
  const command = parseSweep(args);
  if (command === undefined) {
    print(SWEEP_HELP);
    return 0;
  }
  const pool = new JobPool(command.jobs, command.timeout);
  const stopped = new AbortController();
  const stop = (signal: NodeJS.Signals): void => {
    stopped.abort(signal);
    void pool.close();
  };
  // Once: who asks a second time does not want to wait.
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    return await runSweep(command, pool, stopped.signal, print);
  } finally {
    await pool.close();
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

async function runSweep(
  command: SweepCommand,
  pool: JobPool,
  stopped: AbortSignal,
  print: (line: string) => void,
): Promise<number> {
  const { out, jobs, repeat, varied } = command;
  const specs = command.sim.model.params ?? {};
  const count = pointCount(varied) * repeat;
  if (!Number.isSafeInteger(count)) throw new UsageError(`the sweep has ${count} runs: vary less`);
  const runAt = (number: number): SweepRun => {
    const point = pointAt(varied, Math.floor(number / repeat));
    const params = resolveParams(specs, { ...command.fixed, ...point }) as Record<string, ParamValue>;
    return { number, params, seed: command.seed + (number % repeat) };
  };
  function* runs(): Generator<SweepRun> {
    for (let number = 0; number < count && !stopped.aborted; number += 1) yield runAt(number);
  }

  const meter = new Meter(process.stderr, count);
  const file = new SweepFile(await create(out), Object.keys(specs), runAt);
  let axes: Chosen | undefined;
  try {
    const start = async (run: SweepRun) => {
      const outcome = await pool.run(jobOf(command, run));
      if (outcome.kind !== 'cancelled') meter.count(outcome.kind === 'failed');
      return outcome;
    };
    for await (const [run, outcome] of inOrder(runs(), start, jobs * AHEAD)) {
      if (outcome.kind === 'cancelled') continue;
      if (outcome.kind === 'failed') meter.tell(`failed    ${nameOf(command, run)}: ${outcome.error}`);
      await file.write(run, outcome.kind === 'done' ? outcome.report : undefined);
      // Now, rather than when all is done, is the time to say that there is no such column.
      if (file.columns !== undefined) axes ??= axesOf(command, file.columns);
    }
  } finally {
    meter.clear();
    await file.close();
  }

  if (file.leftOut.size > 0) {
    meter.tell(`left out  ${[...file.leftOut].join(', ')}: the first run had no such results`);
  }
  print(`rows      ${whole(file.rows)} in ${out}`);
  if (meter.failed > 0) print(`failed    ${whole(meter.failed)} of ${whole(count)} runs`);
  if (stopped.aborted) {
    const signal = stopped.reason as NodeJS.Signals;
    print(`stopped   by ${signal}, with ${whole(count - file.rows)} of ${whole(count)} runs left`);
    return 128 + constants.signals[signal];
  }
  if (axes !== undefined) {
    const svg = `${out.replace(/\.csv$/i, '')}.svg`;
    const y = axes.y ?? (await firstToVary(out, file.columns?.results ?? [])) ?? 'events';
    const points = await plot(out, svg, { ...axes, y }, titleOf(command, { ...axes, y }));
    print(`plot      ${points > 0 ? `${y} in ${svg}` : `none: ${y} has no numbers`}`);
  }
  return meter.failed > 0 ? 1 : 0;
}

async function create(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'w');
  } catch (error) {
    throw new UsageError(`--out: ${(error as Error).message}`);
  }
}

function jobOf({ sim, until, clusters, transport }: SweepCommand, { params, seed }: SweepRun): Job {
  return {
    model: sim.url.href,
    sumsUpCut: sim.sumsUpCut === true,
    params,
    seed,
    until,
    clusters,
    transport,
  };
}

/** A run by what is particular to it. */
function nameOf({ varied }: SweepCommand, { params, seed }: SweepRun): string {
  return [...varied.map(({ name }) => `${name}=${params[name]}`), `seed=${seed}`].join(' ');
}

/** What a plot shall show; y may be left open. */
type Chosen = Omit<Axes, 'y'> & { readonly y: string | undefined };

/** What the plot shows: what was asked for, else what is varied. */
function axesOf({ plot: wish, varied }: SweepCommand, columns: Columns): Chosen | undefined {
  if (wish === undefined) return undefined;
  const moving = varied.filter(({ values }) => values.length > 1).map(({ name }) => paramColumn(name));
  const x = wish.x ?? moving.find((name) => name !== wish.color) ?? 'seed';
  const color = wish.color ?? moving.find((name) => name !== x);
  for (const column of [x, wish.y, color]) {
    if (column !== undefined && !columns.names.includes(column)) {
      throw new UsageError(`--plot: there is no column ${column}; there are ${columns.names.join(', ')}`);
    }
  }
  return { x, y: wish.y, color, band: wish.band };
}

function titleOf({ name, varied }: SweepCommand, { x, y, color }: Axes): string {
  const others = varied.map((each) => paramColumn(each.name)).filter((each) => each !== x && each !== color);
  return `${name}: ${y}${others.length > 0 ? `, over all ${others.join(', ')}` : ''}`;
}

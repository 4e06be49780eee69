import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import type { InputRecord } from '@troupe/core';
import { UsageError } from '../command-line.ts';

/** What a run must have in common with another to have the same course, beside its inputs. */
export interface RunSetting {
  readonly seed: number;
  readonly params: Record<string, unknown>;
  readonly until: number | undefined;
}

/** A run that can be had again. */
export interface Recording extends RunSetting {
  readonly inputs: readonly InputRecord[];
}

/** Begins a recording: one line about the run, and then one per input, each of JSON. */
export function beginRecording(path: string, { seed, params, until }: RunSetting): void {
  attempt(path, 'written', () => {
    writeFileSync(path, `${JSON.stringify({ model: 'market', seed, params, until })}\n`);
  });
}

/** Adds inputs, in the order in which they were given their times. */
export function record(path: string, inputs: readonly InputRecord[]): void {
  const lines = inputs.map(({ time, to, topic, body }) => `${JSON.stringify({ time, to, topic, body })}\n`);
  attempt(path, 'written', () => appendFileSync(path, lines.join('')));
}

/** Reads what {@link beginRecording} and {@link record} have written. */
export function readRecording(path: string): Recording {
  const text = attempt(path, 'read', () => readFileSync(path, 'utf8'));
  const [head, ...inputs] = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, at) => parse(path, line, at + 1));
  const { model, seed, params, until } = head ?? {};
  if (model !== 'market' || typeof seed !== 'number' || typeof params !== 'object' || params === null) {
    throw new UsageError(`${path} is no recording of a market: give a file that --record has written`);
  }
  return {
    seed,
    params: params as Record<string, unknown>,
    until: until as number | undefined,
    // Whoever makes a simulation with them is told what is wrong with one.
    inputs: inputs.map(({ time, to, topic, body }) => ({ time, to, topic, body }) as InputRecord),
  };
}

function parse(path: string, line: string, number: number): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  throw new UsageError(
    `line ${number} of ${path} is no object of JSON: give a file that --record has written`,
  );
}

function attempt<T>(path: string, what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new UsageError(`${path} cannot be ${what}: ${(error as Error).message}`);
  }
}

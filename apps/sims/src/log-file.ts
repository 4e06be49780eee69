import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { type Simulation, toNdjson } from '@troupe/core';
import { UsageError } from './command-line.ts';

/** The event log of a simulation, on its way to a file as NDJSON. Make it before the run begins. */
export class LogFile {
  readonly #path: string;
  readonly #writing: Promise<void>;
  readonly #failed = new AbortController();
  #error: unknown;

  constructor(path: string, simulation: Simulation) {
    this.#path = path;
    this.#writing = pipeline(toNdjson(simulation.eventLog()), createWriteStream(path)).catch((error) => {
      this.#error = error;
      this.#failed.abort();
    });
  }

  /** Aborts a run whose log cannot be written. */
  get signal(): AbortSignal {
    return this.#failed.signal;
  }

  /** Waits until all is written; the simulation is closed. */
  async written(): Promise<void> {
    await this.#writing;
    if (this.#error !== undefined) {
      throw new UsageError(`--log ${this.#path} cannot be written: ${(this.#error as Error).message}`);
    }
  }
}

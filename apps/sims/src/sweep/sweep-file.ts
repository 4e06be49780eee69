import type { FileHandle } from 'node:fs/promises';
import { Columns } from './columns.ts';
import { csvLine } from './csv.ts';
import type { JobReport } from './job.ts';
import type { ParamValue } from './vary.ts';

/** A run of a sweep: its number from 0 on, and what is particular to it. */
export interface SweepRun {
  readonly number: number;
  readonly params: Readonly<Record<string, ParamValue>>;
  readonly seed: number;
}

/**
 * The CSV of a sweep, written line by line. Which results there are is known when the first run is done: those that
 * failed before it are written then.
 */
export class SweepFile {
  columns: Columns | undefined;
  rows = 0;
  /** Results that later runs have and the first one had not. */
  readonly leftOut: Set<string> = new Set();
  readonly #file: FileHandle;
  readonly #params: readonly string[];
  readonly #runAt: (number: number) => SweepRun;
  readonly #failedFirst: number[] = [];
  #keys: ReadonlySet<string> = new Set();

  /** @param runAt answers a run again, by its number */
  constructor(file: FileHandle, params: readonly string[], runAt: (number: number) => SweepRun) {
    this.#file = file;
    this.#params = params;
    this.#runAt = runAt;
  }

  /** @param report undefined for a run that failed */
  async write(run: SweepRun, report: JobReport | undefined): Promise<void> {
    this.rows += 1;
    if (this.columns === undefined) {
      if (report === undefined) {
        this.#failedFirst.push(run.number);
        return;
      }
      await this.#begin(Object.keys(report.results));
    }
    for (const key of Object.keys(report?.results ?? {})) if (!this.#keys.has(key)) this.leftOut.add(key);
    await this.#writeRow(run, report);
  }

  async close(): Promise<void> {
    try {
      if (this.columns === undefined) await this.#begin([]);
    } finally {
      await this.#file.close();
    }
  }

  async #begin(keys: readonly string[]): Promise<void> {
    this.columns = new Columns(this.#params, keys);
    this.#keys = new Set(keys);
    await this.#file.appendFile(csvLine(this.columns.names));
    for (const number of this.#failedFirst.splice(0)) await this.#writeRow(this.#runAt(number), undefined);
  }

  async #writeRow({ params, seed }: SweepRun, report: JobReport | undefined): Promise<void> {
    await this.#file.appendFile(csvLine((this.columns as Columns).row(params, seed, report)));
  }
}

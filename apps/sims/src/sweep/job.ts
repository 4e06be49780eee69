import type { EndReason } from '@troupe/core';
import type { TransportName } from '../command-line.ts';
import type { ParamValue } from './vary.ts';

/** One run of a sweep: what a process is told. */
export interface Job {
  /** The address of the model's module. */
  readonly model: string;
  /** Whether the model sums up runs that were cut short. */
  readonly sumsUpCut: boolean;
  readonly params: Readonly<Record<string, ParamValue>>;
  readonly seed: number;
  readonly until: number | undefined;
  readonly clusters: number;
  readonly transport: TransportName;
}

/** What is kept of a run. */
export interface JobReport {
  readonly reason: EndReason;
  readonly simTime: number;
  readonly events: number;
  readonly digest: string;
  /** What it was summed up to, as far as that is numbers. */
  readonly results: Readonly<Record<string, number>>;
}

/** What came of a run; `cancelled` when the pool was closed before it was done. */
export type JobOutcome =
  | { readonly kind: 'done'; readonly report: JobReport }
  | { readonly kind: 'failed'; readonly error: string }
  | { readonly kind: 'cancelled' };

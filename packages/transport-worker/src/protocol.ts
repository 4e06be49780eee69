import type { MessagePort } from 'node:worker_threads';
import type { PackedError } from '@troupe/transport';

/** What a worker is started with. */
export interface WorkerData {
  readonly id: number;
  readonly nodes: number;
  readonly buffer: SharedArrayBuffer;
  readonly ringBytes: number;
  readonly spins: number;
  readonly program: string;
  readonly data: unknown;
  /** By peer: where frames travel that are too large for a ring. */
  readonly ports: readonly (MessagePort | undefined)[];
}

/** From a worker to its host. */
export type WorkerMessage =
  | { readonly type: 'running' }
  | { readonly type: 'post'; readonly message: unknown }
  | { readonly type: 'ended' }
  | { readonly type: 'failed'; readonly error: PackedError };

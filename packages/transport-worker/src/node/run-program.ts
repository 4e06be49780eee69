import type { MessagePort } from 'node:worker_threads';
import { type NodeProgram, packError, programError } from '@troupe/transport';
import type { WorkerData, WorkerMessage } from '../protocol.ts';
import { WorkerNode } from './worker-node.ts';

/** Runs a node's program from its beginning to its end, and tells the host of both. */
export async function runProgram(data: WorkerData, host: MessagePort): Promise<void> {
  const tell = (message: WorkerMessage): void => host.postMessage(message);
  const node = new WorkerNode(data, host);
  try {
    const module = (await import(data.program)) as { default?: unknown };
    if (typeof module.default !== 'function') throw programError(new URL(data.program));
    tell({ type: 'running' });
    await (module.default as NodeProgram)(node);
    tell({ type: 'ended' });
  } catch (error) {
    tell({ type: 'failed', error: packError(error) });
  } finally {
    node.end();
  }
}

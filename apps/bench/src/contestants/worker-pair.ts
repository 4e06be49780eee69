import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';

/** What each of two workers gets: a port to the other, its side, and whatever the contestant wants. */
export interface Side<T> {
  readonly port: MessagePort;
  /** Exactly one of them measures. */
  readonly measures: boolean;
  readonly data: T;
}

/** Runs a module in two workers that share a channel; answers the number that the measuring one posts. */
export async function workerFigure(module: URL, data: unknown): Promise<number> {
  const { port1, port2 } = new MessageChannel();
  const start = (port: MessagePort, measures: boolean): Worker =>
    new Worker(module, {
      workerData: { port, measures, data } satisfies Side<unknown>,
      transferList: [port],
    });
  const workers = [start(port1, false), start(port2, true)];
  try {
    return await new Promise<number>((resolve, reject) => {
      for (const worker of workers) {
        worker.on('message', resolve);
        worker.on('error', reject);
      }
    });
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

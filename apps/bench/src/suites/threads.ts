import { MessageChannel, Worker } from 'node:worker_threads';
import { threads as threadTransport } from '@troupe/transport-worker';
import type { OneWay } from '../programs/one-way.ts';
import type { Suite } from '../suite.ts';

async function troupe(messages: number, form: OneWay['form']): Promise<number> {
  const program = new URL('../programs/one-way.ts', import.meta.url);
  const group = await threadTransport().launch({
    nodes: 2,
    program,
    data: { messages, form } satisfies OneWay,
  });
  try {
    return await new Promise<number>((resolve, reject) => {
      group.onEvent((event) => {
        if (event.type === 'message') resolve(event.message as number);
        else if (event.type === 'lost') reject(event.error);
      });
    });
  } finally {
    await group.close();
  }
}

async function postMessage(messages: number, batch: number): Promise<number> {
  const { port1, port2 } = new MessageChannel();
  const start = (port: typeof port1, sends: boolean): Worker =>
    new Worker(new URL('../programs/post-message.ts', import.meta.url), {
      workerData: { port, messages, batch, sends },
      transferList: [port],
    });
  const workers = [start(port1, true), start(port2, false)];
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

export const threads: Suite = {
  name: 'threads',
  help: 'Messages from one worker thread to another, decoded there.',
  cases: [
    {
      name: 'one-way-64',
      unit: 'messages/s',
      contestants: (smoke) => {
        const messages = smoke ? 2_000 : 400_000;
        return [
          { name: 'troupe', run: () => troupe(messages, 'packed') },
          { name: 'troupe-layout', run: () => troupe(messages, 'layout') },
          { name: 'postMessage', run: () => postMessage(messages, 1) },
          { name: 'postMessage-batched', run: () => postMessage(messages, 64) },
        ];
      },
    },
  ],
};

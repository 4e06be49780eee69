import { MessageChannel, Worker } from 'node:worker_threads';
import { threads as threadTransport } from '@troupe/transport-worker';
import type { Suite } from '../harness/suite.ts';
import type { OneWay } from '../programs/one-way.ts';

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
      help: 'bodies of about 64 bytes',
      unit: 'messages/s',
      better: 'more',
      contestants: [
        {
          name: 'troupe',
          run: async ({ smoke }) => ({ value: await troupe(smoke ? 2_000 : 400_000, 'packed') }),
        },
        {
          name: 'troupe-layout',
          run: async ({ smoke }) => ({ value: await troupe(smoke ? 2_000 : 400_000, 'layout') }),
        },
        {
          name: 'postMessage',
          run: async ({ smoke }) => ({ value: await postMessage(smoke ? 2_000 : 400_000, 1) }),
        },
        {
          name: 'postMessage-batched',
          run: async ({ smoke }) => ({ value: await postMessage(smoke ? 2_000 : 400_000, 64) }),
        },
      ],
    },
  ],
};

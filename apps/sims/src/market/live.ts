import { Live, type LiveReport } from '@troupe/core';
import type { Transport } from '@troupe/transport';
import { Desk } from './desk.ts';
import { VISITOR } from './protocol.ts';
import type { LineSource, Screen } from './terminal.ts';

/** Where and how a market runs live. */
export interface LivePlace {
  readonly clusters: number;
  readonly transport: Transport;
  readonly seed: number;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Runs the model on the clock on the wall, with somebody at the desk, until the day ends or somebody quits. */
export async function runLive(place: LivePlace, input: LineSource, screen: Screen): Promise<LiveReport> {
  const desk = new Desk(place.params, input, screen);
  const live = new Live(new URL('./model.ts', import.meta.url), { ...place, logLevel: 'info' });
  live.on('log', (entry) => desk.see(entry));
  try {
    await live.start();
    const begun = performance.now();
    desk.open({
      send: async (topic, body) => {
        await live.send(VISITOR, topic, body);
        return (performance.now() - begun) / 1000;
      },
      // The market goes on without visitors.
      close: () => {},
    });
    return await live.finished();
  } finally {
    desk.close();
    await live.close();
  }
}

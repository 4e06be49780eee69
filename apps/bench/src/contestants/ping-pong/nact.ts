import { dispatch, type Ref, spawnStateless, start } from 'nact';
import type { Outcome, Work } from '../../harness/suite.ts';
import { throughput } from '../../harness/throughput.ts';

interface Ball {
  readonly sender: Ref<Ball>;
  readonly count: number;
}

/** Actors that answer with their own reference in the message, as nact's types advise. */
export async function nact(work: Work): Promise<Outcome> {
  let last = 0;
  let done: (at: Ball) => void = () => {};
  const system = start();
  const player = (name: string): Ref<Ball> =>
    spawnStateless(
      system,
      (ball: Ball, { self }) => {
        if (ball.count < last) dispatch(ball.sender, { sender: self, count: ball.count + 1 });
        else done(ball);
      },
      name,
    );
  const ben = player('ben');
  let next: Ball = { sender: player('anna'), count: 0 };
  const value = await throughput(work, async (messages) => {
    last = next.count + messages;
    next = await new Promise<Ball>((resolve) => {
      done = resolve;
      dispatch(ben, next);
    });
    return messages;
  });
  return { value };
}

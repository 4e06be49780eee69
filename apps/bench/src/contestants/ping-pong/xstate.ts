import { type ActorRef, createActor, type Snapshot, sendTo, setup } from 'xstate';
import type { Outcome, Work } from '../../harness/suite.ts';
import { throughput } from '../../harness/throughput.ts';

interface Ball {
  readonly type: 'ball';
  readonly sender: ActorRef<Snapshot<unknown>, Ball>;
  readonly count: number;
}

/** State machines that send each other events; both receive and send within one call of `send`. */
export async function xstate(work: Work): Promise<Outcome> {
  let last = 0;
  const machine = setup({
    types: { events: {} as Ball },
    guards: { isOn: ({ event }) => event.count < last },
  }).createMachine({
    on: {
      ball: {
        guard: 'isOn',
        actions: sendTo(
          ({ event }) => event.sender,
          ({ event, self }) => ({ type: 'ball', sender: self, count: event.count + 1 }),
        ),
      },
    },
  });
  const anna = createActor(machine).start();
  const ben = createActor(machine).start();
  const value = await throughput(work, (messages) => {
    const first = last;
    last = first + messages;
    ben.send({ type: 'ball', sender: anna, count: first });
    return messages + 1;
  });
  return { value };
}

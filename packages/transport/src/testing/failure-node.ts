import type { Node } from '../transport.ts';
import { peersOf, refusal } from './material.ts';
import type { Blocked, Fate, Scenarios } from './scenario.ts';

/** The node's side of what the suite says about nodes that are lost, and about closing. */
export const failures: Pick<Scenarios, 'doomed' | 'busy'> = {
  async doomed(node, { victim, fate, blocked }) {
    await node.exchange(new Float64Array(0));
    if (node.id === victim) {
      await node.nextMessage();
      await perish(fate);
    }
    node.post('about to block');
    const refused = await refusal(() => block(node, victim, blocked));
    node.post({ code: refused?.code, node: refused?.node });
    // Staying, so that nobody is gone but the victim.
    for (;;) await node.nextMessage();
  },

  async busy(node, { spin }) {
    const frame = Buffer.alloc(1000);
    node.post('busy');
    for (let turn = 0; ; turn += 1) {
      if (spin) node.pulse[0] = (node.pulse[0] as number) + 1;
      else await hurry(node, frame);
      // Nothing slows down who posts to the host: a few will do.
      if (!spin && turn < 10) node.post('going on');
    }
  },
};

async function hurry(node: Node, frame: Buffer): Promise<void> {
  for (const peer of peersOf(node)) await node.push(peer, frame);
  node.receive(() => {});
  await node.breathe();
}

async function perish(fate: Fate): Promise<never> {
  if (fate === 'throw') {
    const error = new TypeError('enough is enough', { cause: new RangeError('the reason behind') });
    throw Object.assign(error, { code: 'ERR_OF_THE_PROGRAM' });
  }
  if (fate === 'exit') process.exit(3);
  if (fate === 'uncaught') {
    setImmediate(() => {
      throw new Error('thrown outside');
    });
  }
  if (fate === 'rejection') void Promise.reject(new Error('caught by nobody'));
  if (fate === 'spin') for (;;);
  return new Promise<never>(() => {});
}

/** Does something that cannot go on without `victim` until it is refused. */
async function block(node: Node, victim: number, blocked: Blocked): Promise<void> {
  if (blocked === 'exchange') {
    await node.exchange(Float64Array.of(1));
    return;
  }
  const frame = Buffer.alloc(10_000);
  if (blocked === 'wait') {
    // The host is told of the loss, and tells those who cannot know.
    while (node.takeMessage() === undefined) await node.wait(3_600_000);
  }
  // A link that is full is waited for; that its end is gone must end the wait.
  while (blocked === 'arrival') if (!node.send(victim, frame)) await node.arrival(3_600_000);
  for (;;) await node.push(victim, frame);
}

import type { Scenarios } from './scenario.ts';

/** The node's side of what the suite says about host and nodes. */
export const control: Pick<Scenarios, 'introduce' | 'echo' | 'pulse' | 'waitForHost'> = {
  async introduce(node, { text }) {
    const nothing = node.takeMessage() === undefined;
    node.post({ id: node.id, size: node.size, text, nothing, cells: node.pulse.length });
  },

  async echo(node) {
    for (;;) {
      const message = node.takeMessage() ?? (await node.nextMessage());
      if (message === 'stop') return;
      node.post(message);
    }
  },

  async pulse(node) {
    node.post('counting');
    while (node.takeMessage() === undefined) {
      node.pulse[0] = (node.pulse[0] as number) + 1;
      node.pulse[7] = -(node.pulse[0] as number);
      await node.breathe();
    }
    node.post(node.pulse[0]);
  },

  async waitForHost(node) {
    node.post({ early: await node.wait(0) });
    while (!(await node.wait(3_600_000)));
    let message = node.takeMessage();
    while (message === undefined) {
      await node.wait(3_600_000);
      message = node.takeMessage();
    }
    node.post(message);
  },
};

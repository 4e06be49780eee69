import { Agent, Scheduler } from '@troupe/core';
import type { Outcome, Work } from '../../harness/suite.ts';
import { beyondPlain } from './beyond-plain.ts';

class Account extends Agent {
  balance = 100;
  visits = 0;
  isOpen = true;

  override receive(): void {
    this.visits += 1;
  }
}

/** Agents that have been set up and wait for messages. */
export function troupe(work: Work): Outcome {
  const value = beyondPlain(work, (count) => {
    const scheduler = new Scheduler();
    for (let id = 0; id < count; id += 1) scheduler.add(new Account(id));
    scheduler.run();
    return scheduler;
  });
  return { value };
}

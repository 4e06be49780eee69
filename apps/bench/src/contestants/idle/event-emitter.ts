import { EventEmitter } from 'node:events';
import type { Outcome, Work } from '../../harness/suite.ts';
import { beyondPlain } from './beyond-plain.ts';

class Account extends EventEmitter {
  balance = 100;
  visits = 0;
  isOpen = true;

  constructor() {
    super();
    this.on('visit', () => {
      this.visits += 1;
    });
  }
}

export function eventEmitter(work: Work): Outcome {
  return { value: beyondPlain(work, (count) => Array.from({ length: count }, () => new Account())) };
}

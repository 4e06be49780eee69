import type { Work } from '../../harness/suite.ts';
import type { Size } from './bodies.ts';

/** What both sides of a one-way contestant are told. */
export interface Errand {
  readonly size: Size;
  readonly work: Work;
}

/** Checks that messages arrive once and in order. */
export class Tally {
  received = 0;

  take({ id }: { readonly id: number }): void {
    if (id !== this.received) throw new Error(`message ${id} came where ${this.received} was due`);
    this.received += 1;
  }
}

import { Random } from '@troupe/core';
import { delayOf } from '../../phold/delay.ts';
import { type Phold, SEED, type Shape } from '../../phold/shape.ts';

interface Event {
  readonly time: number;
  readonly order: number;
  readonly to: Holder;
  readonly hops: number;
}

/** A sequential kernel as one writes it in an afternoon: a binary heap of objects, ordered by time and arrival. */
class Kernel {
  readonly #heap: Event[] = [];
  #order = 0;
  now = 0;

  send(to: Holder, hops: number, delay: number): void {
    const heap = this.#heap;
    const event: Event = { time: this.now + delay, order: this.#order, to, hops };
    this.#order += 1;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const other = heap[parent] as Event;
      if (!isBefore(event, other)) break;
      heap[at] = other;
      at = parent;
    }
    heap[at] = event;
  }

  /** Takes the earliest event. */
  take(): Event {
    const heap = this.#heap;
    const first = heap[0] as Event;
    const moved = heap.pop() as Event;
    const size = heap.length;
    if (size === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && isBefore(heap[child + 1] as Event, heap[child] as Event)) child += 1;
      const other = heap[child] as Event;
      if (!isBefore(other, moved)) break;
      heap[at] = other;
      at = child;
    }
    heap[at] = moved;
    return first;
  }

  /** Delivers what is due before `until`. */
  run(until: number): number {
    const heap = this.#heap;
    let events = 0;
    while ((heap[0] as Event).time < until) {
      const event = this.take();
      this.now = event.time;
      events += 1;
      event.to.receive(event.hops);
    }
    return events;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}

class Holder {
  readonly random: Random;
  readonly #kernel: Kernel;
  readonly #holders: readonly Holder[];
  readonly #remote: number;
  readonly #delay: (random: Random) => number;

  constructor(
    id: number,
    kernel: Kernel,
    holders: readonly Holder[],
    shape: Shape,
    delay: (random: Random) => number,
  ) {
    this.random = Random.of(SEED, id);
    this.#kernel = kernel;
    this.#holders = holders;
    this.#remote = shape.remote;
    this.#delay = delay;
  }

  receive(hops: number): void {
    const { random } = this;
    const holders = this.#holders;
    const to =
      random.float() < this.#remote ? (holders[Math.floor(random.float() * holders.length)] as Holder) : this;
    this.#kernel.send(to, hops + 1, this.#delay(random));
  }
}

export function heapOfObjects(shape: Shape): Phold {
  const kernel = new Kernel();
  const delay = delayOf(shape);
  const holders: Holder[] = [];
  for (let id = 0; id < shape.agents; id += 1) holders.push(new Holder(id, kernel, holders, shape, delay));
  for (const holder of holders) {
    for (let event = 0; event < shape.perAgent; event += 1) holder.receive(-1);
  }
  return { advance: (until) => kernel.run(until), words: () => holders.map(({ random }) => random.word()) };
}

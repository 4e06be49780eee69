import type { Timed } from './alarm-clock.ts';
import type { Outbox } from './outbox.ts';
import type { Resident } from './resident.ts';

/** What the opening must know of its cluster, and whom it tells. */
export interface OpeningSurroundings {
  readonly cluster: number;
  readonly clusters: number;
  readonly outbox: Pick<Outbox, 'send'>;
  /** All clusters are set up. What was sent until now can go out. */
  onOpen(early: readonly Timed[]): void;
}

/**
 * The beginning of a run. Each cluster sets up its agents and then tells the others that it is ready, after what they
 * subscribed to; when all have, a cluster opens. So what is subscribed in setup takes hold before the first message.
 */
export class Opening {
  isOpen = false;

  readonly #around: OpeningSurroundings;
  /** What was sent in setup. */
  #early: Timed[] = [];
  #awaited = 0;
  #ready = 0;

  constructor(surroundings: OpeningSurroundings) {
    this.#around = surroundings;
  }

  /** An agent of the beginning: its setup is waited for. */
  expect(resident: Resident): void {
    resident.isAwaited = true;
    this.#awaited += 1;
  }

  /** All that are expected are there. */
  begin(): void {
    if (this.#awaited === 0) this.#tellReady();
  }

  /** An agent was set up, or is gone. */
  onSetUp(resident: Resident): void {
    if (!resident.isAwaited) return;
    resident.isAwaited = false;
    this.#awaited -= 1;
    if (this.#awaited === 0) this.#tellReady();
  }

  /** A cluster, this one or another, is ready. */
  onReady(): void {
    this.#ready += 1;
    if (this.#ready < this.#around.clusters) return;
    this.isOpen = true;
    this.#around.onOpen(this.take());
  }

  /** Keeps what is sent before all are set up. */
  keep(timed: Timed): void {
    this.#early.push(timed);
  }

  /** Gives out what was kept. */
  take(): readonly Timed[] {
    const early = this.#early;
    this.#early = [];
    return early;
  }

  #tellReady(): void {
    for (let cluster = 0; cluster < this.#around.clusters; cluster += 1) {
      if (cluster !== this.#around.cluster) this.#around.outbox.send(cluster, { kind: 'ready' });
    }
    this.onReady();
  }
}

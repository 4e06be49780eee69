/**
 * How a live run comes to its end.
 *
 * ```text
 *   running --stop, drain--> draining --idle, or too late--> halting --all have ended--> over
 *      |                                                     ^   |
 *      +--stop, no drain; an agent stops it; it fails--------+   +--too late--> over, with clusters that are missing
 * ```
 */
export type EndingPhase = 'running' | 'draining' | 'halting' | 'over';

/** What the owner of the machine is to do. */
export type EndingAction =
  /** Tell all clusters to set no further alarms, and find out when nothing is left to do. */
  | 'drain'
  /** Tell all clusters to handle nothing further and to end. */
  | 'halt'
  /** All clusters have ended. */
  | 'complete'
  /** Some have not: see {@link Ending.missing}. */
  | 'giveUp';

/** A pure state machine: events in, at most one action out. Timing is its owner's. */
export class Ending {
  phase: EndingPhase = 'running';
  /** Whether nothing was left to do when the clusters were told to halt. */
  drained = false;

  readonly #clusters: number;
  readonly #ended = new Set<number>();

  constructor(clusters: number) {
    this.#clusters = clusters;
  }

  /** Clusters that have not ended. */
  get missing(): number[] {
    return Array.from({ length: this.#clusters }, (_, cluster) => cluster).filter(
      (cluster) => !this.#ended.has(cluster),
    );
  }

  /** The run is to end; what is under way is handled first, with `drain`. */
  stop(drain: boolean): EndingAction | undefined {
    if (this.phase === 'running' && drain) {
      this.phase = 'draining';
      return 'drain';
    }
    if (this.phase !== 'running' && (this.phase !== 'draining' || drain)) return undefined;
    return this.#halt();
  }

  /** Nothing is left to do. */
  idle(): EndingAction | undefined {
    if (this.phase !== 'draining') return undefined;
    this.drained = true;
    return this.#halt();
  }

  /** The time for this phase has passed. */
  tooLate(): EndingAction | undefined {
    if (this.phase === 'draining') return this.#halt();
    if (this.phase !== 'halting') return undefined;
    this.phase = 'over';
    return 'giveUp';
  }

  /** A cluster has ended. */
  ended(cluster: number): EndingAction | undefined {
    this.#ended.add(cluster);
    if (this.phase !== 'halting' || this.#ended.size < this.#clusters) return undefined;
    this.phase = 'over';
    return 'complete';
  }

  #halt(): EndingAction {
    this.phase = 'halting';
    return 'halt';
  }
}

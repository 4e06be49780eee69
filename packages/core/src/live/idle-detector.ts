/** What a cluster says of itself when it has nothing to do. */
export interface Standing {
  /** Messages and commands that it has sent to other clusters, and received from them and from outside. */
  readonly sent: number;
  readonly received: number;
  /** How much it has done so far: whatever happens to it makes this larger. */
  readonly work: number;
}

/** `waiting`: answers are missing. `again`: ask all once more. `idle`: there was an instant with nothing to do. */
export type Verdict = 'waiting' | 'again' | 'idle';

/**
 * Finds out that no cluster has anything to do and nothing is under way between them, by asking all of them, in waves.
 * A cluster answers a wave when it has nothing to do, and not before. A wave begins when all have answered the last.
 *
 * Let all have done the same amount of work at two waves that follow each other, and have sent as many messages as were
 * received. Take an instant between the last answer of the first wave and the first of the second. Nobody did anything
 * from his first answer to his second, so nobody sent or received; the counts of the first wave are those of that
 * instant, and as nothing is received that was not sent, nothing is under way. One wave would not do: a message that is
 * sent behind the wave and received before it leaves both counts equal.
 *
 * Source: the four counter method of F. Mattern, Algorithms for distributed termination detection, Distributed Computing
 * 2 (1987), with a count of work besides, since clusters are woken by clocks and from outside, not by messages alone.
 */
export class IdleDetector {
  /** Number of the wave that is under way; answers to others are void. */
  wave = 1;

  readonly #clusters: number;
  readonly #answers = new Map<number, Standing>();
  #last: ReadonlyMap<number, Standing> | undefined;

  constructor(clusters: number) {
    this.#clusters = clusters;
  }

  /**
   * A cluster has answered.
   *
   * @param outside messages that were given to the clusters from outside so far, counted when this is called
   */
  answer(cluster: number, wave: number, standing: Standing, outside: number): Verdict {
    if (wave !== this.wave) return 'waiting';
    this.#answers.set(cluster, standing);
    if (this.#answers.size < this.#clusters) return 'waiting';
    const answers = new Map(this.#answers);
    // Whoever stands outside is a cluster that only sends.
    answers.set(OUTSIDE, { sent: outside, received: 0, work: outside });
    const last = this.#last;
    if (last !== undefined && this.isQuiet(last, answers)) return 'idle';
    this.#last = answers;
    this.#answers.clear();
    this.wave += 1;
    return 'again';
  }

  /** Whether there was an instant between two waves with nothing to do and nothing under way. */
  protected isQuiet(first: ReadonlyMap<number, Standing>, second: ReadonlyMap<number, Standing>): boolean {
    let underWay = 0;
    for (const [cluster, { sent, received, work }] of first) {
      if (second.get(cluster)?.work !== work) return false;
      underWay += sent - received;
    }
    return underWay === 0;
  }
}

const OUTSIDE = -1;

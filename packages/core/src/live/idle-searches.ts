import { IdleDetector, type Standing } from './idle-detector.ts';
import type { LiveHostMessage, LiveNodeMessage } from './protocol.ts';

interface Search {
  readonly detector: IdleDetector;
  readonly alarms: boolean;
  readonly settling: PromiseWithResolvers<void>;
}

/** The searches for an instant with nothing to do that are under way, each with its own waves. */
export class IdleSearches {
  readonly #clusters: number;
  readonly #tellAll: (message: LiveHostMessage) => void;
  readonly #searches = new Map<number, Search>();
  #asked = 0;

  constructor(clusters: number, tellAll: (message: LiveHostMessage) => void) {
    this.#clusters = clusters;
    this.#tellAll = tellAll;
  }

  /**
   * Resolves when nothing is left to do; with `alarms`, when nothing is left for later either.
   *
   * @throws the signal's reason, when it aborts first
   */
  async begin(alarms: boolean, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#asked += 1;
    const ask = this.#asked;
    const detector = new IdleDetector(this.#clusters);
    const settling = Promise.withResolvers<void>();
    this.#searches.set(ask, { detector, alarms, settling });
    this.#tellAll({ type: 'ask', ask, wave: detector.wave, alarms });
    const onAbort = (): void => {
      this.#searches.delete(ask);
      this.#tellAll({ type: 'forget', ask });
      settling.reject(signal?.reason);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      await settling.promise;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /**
   * A cluster has nothing to do.
   *
   * @param outside messages that were given to the clusters from outside so far
   */
  hear(cluster: number, message: Extract<LiveNodeMessage, { type: 'standing' }>, outside: number): void {
    const { ask, wave } = message;
    const standing: Standing = message.standing;
    const search = this.#searches.get(ask);
    if (search === undefined) return;
    const verdict = search.detector.answer(cluster, wave, standing, outside);
    if (verdict === 'again') {
      this.#tellAll({ type: 'ask', ask, wave: search.detector.wave, alarms: search.alarms });
    } else if (verdict === 'idle') {
      this.#searches.delete(ask);
      search.settling.resolve();
    }
  }

  /** The run has come to its end: nothing is left to do. */
  resolveAll(): void {
    for (const { settling } of this.#take()) settling.resolve();
  }

  /** The run has failed. Answers whether anyone was waiting. */
  rejectAll(error: Error): boolean {
    const searches = this.#take();
    for (const { settling } of searches) settling.reject(error);
    return searches.length > 0;
  }

  #take(): Search[] {
    const searches = [...this.#searches.values()];
    this.#searches.clear();
    return searches;
  }
}

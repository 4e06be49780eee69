import type { SendOutcome } from './parcels.ts';

/** Messages from outside whose fate is not known yet. */
export class Tickets {
  /** How many messages were given to the clusters. */
  given = 0;
  #last = 0;
  readonly #open = new Map<number, PromiseWithResolvers<SendOutcome>>();

  /**
   * Gives a message to a cluster, by `post`, under a ticket of its own. Resolves with what became of it.
   *
   * @throws what `post` throws, and then nothing was given
   */
  give(post: (ticket: number) => void): Promise<SendOutcome> {
    this.#last += 1;
    post(this.#last);
    this.given += 1;
    const settling = Promise.withResolvers<SendOutcome>();
    this.#open.set(this.#last, settling);
    return settling.promise;
  }

  resolve(ticket: number, outcome: SendOutcome): void {
    this.#open.get(ticket)?.resolve(outcome);
    this.#open.delete(ticket);
  }

  reject(ticket: number, error: Error): void {
    this.#open.get(ticket)?.reject(error);
    this.#open.delete(ticket);
  }

  /** The run is over. Answers whether anyone was waiting. */
  rejectAll(error: Error): boolean {
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const { reject } of open) reject(error);
    return open.length > 0;
  }
}

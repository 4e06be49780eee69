import { compareIds } from '../ids.ts';
import type { AgentId } from '../message.ts';

/** One who waits for the next, and the number of that wait within its cluster. */
interface Link {
  readonly id: AgentId;
  readonly wait: number;
}

/** Agents that wait for each other: each for the next, the last for the first, which has the least id. */
type Circle = readonly Link[];

/** A question on its way along those who wait for each other. */
export type Probe =
  /** The first lap: each in `path` waits for the next, the last for `asked`. `number` tells one search from another. */
  | {
      readonly kind: 'search';
      readonly path: readonly Link[];
      readonly number: number;
      readonly asked: AgentId;
    }
  /** The second, along a circle that `initiator` has found; whoever stands at `at` is asked. */
  | {
      readonly kind: 'lap';
      readonly circle: Circle;
      readonly initiator: AgentId;
      readonly at: number;
      /** Nobody on it can give way: if it still stands, that is all. */
      readonly isLast: boolean;
    }
  /** The circle is established: whoever stands at `at` is to take what is sent to it, in spite of all. */
  | { readonly kind: 'break'; readonly circle: Circle; readonly initiator: AgentId; readonly at: number }
  /** Nothing came of it, or it was broken up: there may be others. */
  | { readonly kind: 'again'; readonly initiator: AgentId };

interface Waiting {
  /** For whom, and the number of each wait. */
  readonly on: Map<AgentId, number>;
  /** The searches that it has passed on, by who began them. */
  readonly passed: Map<AgentId, Set<number>>;
}

/**
 * Which agents of one cluster wait for which others, here or elsewhere, to take a message; and whether they do so in a
 * circle, in which case none of them would ever handle anything again.
 *
 * Source: the edge chasing algorithm of K. M. Chandy, J. Misra, L. M. Haas, Distributed deadlock detection, ACM
 * Transactions on Computer Systems 1 (1983), for agents that wait for all whom they have sent to. Whenever an agent has
 * to wait for one more, it begins a search; one that comes back to who began it has gone round a circle. The last to
 * begin to wait closes the circle, and finds all others waiting.
 *
 * There it is assumed that a circle, once closed, stays. Here agents may be removed meanwhile, and circles are broken
 * up. So a circle is gone along twice, and is established when everybody on it waits as in the first lap: then all
 * waited at once when the second began. Several may find the same; the second lap ends with the agent of the least id,
 * so that one place decides where it is broken. And a search may have found one of two circles that share agents: so it
 * is begun again after each second lap, until it finds none.
 */
export class WaitGraph {
  readonly #waiting = new Map<AgentId, Waiting>();
  #waits = 0;
  #searches = 0;
  /** Whether a message of `sender` waits at `receiver`, an agent of this cluster. */
  readonly #isWaitingAt: (sender: AgentId, receiver: AgentId) => boolean;

  constructor(isWaitingAt: (sender: AgentId, receiver: AgentId) => boolean) {
    this.#isWaitingAt = isWaitingAt;
  }

  /** Whom a probe is for. */
  static target(probe: Probe): AgentId {
    switch (probe.kind) {
      case 'search':
        return probe.asked;
      case 'lap':
      case 'break':
        return (probe.circle[probe.at % probe.circle.length] as Link).id;
      default:
        return probe.initiator;
    }
  }

  /** Whether `agent` waits for anyone. */
  waits(agent: AgentId): boolean {
    return this.#waiting.has(agent);
  }

  /** `sender`, an agent of this cluster, waits for `receiver` from now on. Answers the probe to send there. */
  hold(sender: AgentId, receiver: AgentId): Probe {
    let waiting = this.#waiting.get(sender);
    if (waiting === undefined) {
      waiting = { on: new Map(), passed: new Map() };
      this.#waiting.set(sender, waiting);
    }
    this.#waits += 1;
    waiting.on.set(receiver, this.#waits);
    return this.#search(sender, receiver, this.#waits);
  }

  /** `receiver` has taken all that `sender` sent. Answers whether `sender` has ceased to wait by this. */
  release(sender: AgentId, receiver: AgentId): boolean {
    const waiting = this.#waiting.get(sender);
    if (waiting === undefined || !waiting.on.delete(receiver) || waiting.on.size > 0) return false;
    this.#waiting.delete(sender);
    return true;
  }

  /**
   * `agent` has let go of all that waited for it, though it waits itself: it is being removed. What was found about it
   * before holds no more. What it has sent still waits, for another that comes under its id too.
   */
  renew(agent: AgentId): void {
    const on = this.#waiting.get(agent)?.on;
    for (const receiver of on?.keys() ?? []) {
      this.#waits += 1;
      on?.set(receiver, this.#waits);
    }
  }

  /** A probe has come to an agent of this cluster. Answers those that go on from there. */
  pursue(probe: Exclude<Probe, { kind: 'break' }>): readonly Probe[] {
    switch (probe.kind) {
      case 'search':
        return this.#pass(probe);
      case 'lap':
        return this.#confirm(probe);
      default: {
        const on = this.#waiting.get(probe.initiator)?.on ?? new Map<AgentId, number>();
        return Array.from(on, ([next, wait]) => this.#search(probe.initiator, next, wait));
      }
    }
  }

  #search(sender: AgentId, receiver: AgentId, wait: number): Probe {
    this.#searches += 1;
    return { kind: 'search', path: [{ id: sender, wait }], number: this.#searches, asked: receiver };
  }

  #pass({ path, number, asked }: Extract<Probe, { kind: 'search' }>): readonly Probe[] {
    const waiting = this.#waiting.get(asked);
    if (waiting === undefined || !this.#isWaitingAt((path.at(-1) as Link).id, asked)) return NOTHING;
    const initiator = (path[0] as Link).id;
    if (asked === initiator) {
      return [{ kind: 'lap', circle: fromLeast(path), initiator, at: 0, isLast: false }];
    }
    // Each passes a search on once: by whatever way it comes, it goes to all whom this agent waits for.
    const passed = waiting.passed.get(initiator) ?? new Set();
    if (passed.has(number)) return NOTHING;
    waiting.passed.set(initiator, passed.add(number));
    return Array.from(waiting.on, ([next, wait]) => ({
      kind: 'search',
      path: [...path, { id: asked, wait }],
      number,
      asked: next,
    }));
  }

  #confirm(lap: Extract<Probe, { kind: 'lap' }>): readonly Probe[] {
    const { circle, initiator, at, isLast } = lap;
    const { id, wait } = circle[at % circle.length] as Link;
    const next = (circle[(at + 1) % circle.length] as Link).id;
    const waitsStill = this.#waiting.get(id)?.on.get(next) === wait;
    if (!waitsStill || (at > 0 && !this.#isWaitingAt((circle[at - 1] as Link).id, id))) {
      return [{ kind: 'again', initiator }];
    }
    if (at < circle.length) return [{ ...lap, at: at + 1 }];
    return [{ kind: 'break', circle, initiator, at: isLast ? circle.length : 0 }];
  }
}

const NOTHING: readonly Probe[] = Object.freeze([]);

/** The same circle, from the least id on. */
function fromLeast(path: readonly Link[]): Circle {
  let least = 0;
  path.forEach(({ id }, at) => {
    if (compareIds(id, (path[least] as Link).id) < 0) least = at;
  });
  return [...path.slice(least), ...path.slice(0, least)];
}

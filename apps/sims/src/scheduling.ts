import { Agent, type AgentId, defineModel, type Message, Random } from '@troupe/core';

/** Seconds that a job takes on the first machine, and then on the second. */
export interface Times {
  readonly first: number;
  readonly second: number;
}

/** What goes round with the floor: who stands first, and whether anyone has changed places in this round. */
interface Floor {
  readonly front: AgentId;
  readonly moved: boolean;
}

type Shop = {
  /** You have the floor. */
  floor: Floor;
  /** I stand before you: shall we change places? `ahead` stands before me. */
  offer: Floor & Times & { readonly ahead: AgentId | null };
  /** Yes: I stand before you now, and `behind` after you. The floor is still yours. */
  changed: Floor & { readonly behind: AgentId | null };
  /** I stand behind you now. */
  behind: undefined;
  /** Go to the machines, as the one with this place. */
  go: number;
  /** To a machine: work on me. */
  work: number;
  /** From a machine to itself, and to the job. */
  ready: undefined;
  done: undefined;
};

const MACHINES = ['machine 1', 'machine 2'] as const;

/**
 * Whether the one is made before the other, by Johnson's rule: those that take less time on the first machine come
 * first, by their time there; then the others, longest on the second machine first. Equals go by number.
 *
 * The rule's better known form, min(a1, b2) < min(a2, b1), leaves ties that are not transitive: where neighbours
 * change places by it, they may come to rest in an order that is not the best.
 *
 * Source: S. M. Johnson, Optimal two- and three-stage production schedules with setup times included (1954).
 */
function comesBefore(one: Times, number: number, other: Times, otherNumber: number): boolean {
  const isEarly = one.first < one.second;
  if (isEarly !== other.first < other.second) return isEarly;
  const by = isEarly ? one.first - other.first : other.second - one.second;
  return by < 0 || (by === 0 && number < otherNumber);
}

/**
 * A job that finds its place in the queue by talking to its neighbours. Who has the floor asks the one behind whether
 * it should be made first; if so they change places, if not the other has the floor. Rounds follow until nobody moves.
 */
class Job extends Agent<Shop> {
  readonly #times: Times;
  #ahead: AgentId | null;
  #behind: AgentId | null;
  #offers = 0;
  #stage = 0;
  #place = 0;

  constructor(times: Times, ahead: AgentId | null, behind: AgentId | null) {
    super();
    this.#times = times;
    this.#ahead = ahead;
    this.#behind = behind;
  }

  override setup(): void {
    if (this.#ahead === null) this.#speak({ front: this.id, moved: false });
  }

  static override readonly handlers = {
    floor(this: Job, floor: Floor): void {
      this.#speak(floor);
    },
    offer(this: Job, offer: Shop['offer'], { from }: Message): void {
      // Whoever offers stands before me, whatever I knew.
      this.#ahead = from;
      if (!comesBefore(this.#times, this.id as number, offer, from as number)) {
        this.#speak(offer);
        return;
      }
      const { ahead } = offer;
      if (ahead !== null) this.send(ahead, 'behind');
      this.send(from, 'changed', {
        front: ahead === null ? this.id : offer.front,
        moved: true,
        behind: this.#behind,
      });
      this.#ahead = ahead;
      this.#behind = from;
    },
    changed(this: Job, { front, moved, behind }: Shop['changed'], { from }: Message): void {
      this.#ahead = from;
      this.#behind = behind;
      this.#speak({ front, moved });
    },
    behind(this: Job, _body: undefined, { from }: Message): void {
      this.#behind = from;
    },
    go(this: Job, place: number): void {
      this.#place = place;
      this.report('place', place);
      this.send(MACHINES[0], 'work', this.#times.first);
    },
    done(this: Job): void {
      this.#stage += 1;
      if (this.#stage === 1) {
        if (this.#behind !== null) this.send(this.#behind, 'go', this.#place + 1);
        this.send(MACHINES[1], 'work', this.#times.second);
      } else if (this.#behind === null) {
        this.stop('all jobs are done', this.time);
      }
    },
  };

  /** Has the floor. */
  #speak({ front, moved }: Floor): void {
    if (this.#behind !== null) {
      this.#offers += 1;
      this.report('offers', this.#offers);
      this.send(this.#behind, 'offer', { ...this.#times, front, moved, ahead: this.#ahead });
    } else if (moved) {
      this.send(front, 'floor', { front, moved: false });
    } else {
      this.send(front, 'go', 1);
    }
  }
}

/** Makes one job after the other, in the order in which they come. */
class Machine extends Agent<Shop> {
  readonly #queue: { readonly job: AgentId; readonly time: number }[] = [];

  static override readonly handlers = {
    work(this: Machine, time: number, { from }: Message): void {
      this.#queue.push({ job: from, time });
      if (this.#queue.length === 1) this.#begin();
    },
    ready(this: Machine): void {
      const finished = this.#queue.shift();
      if (finished !== undefined) this.send(finished.job, 'done');
      this.#begin();
    },
  };

  #begin(): void {
    const next = this.#queue[0];
    if (next !== undefined) this.setAlarm(next.time, 'ready');
  }
}

/** The jobs of a run, by number from 1 on: whole seconds. */
export function jobsOf({ jobs, longest }: { jobs: number; longest: number }, seed: number): Times[] {
  const random = Random.of(seed, 'jobs');
  const draw = (): number => 1 + random.integer(longest);
  return Array.from({ length: jobs }, () => ({ first: draw(), second: draw() }));
}

/** Seconds until the last of these jobs is done. */
export function makespan(jobs: readonly Times[]): number {
  let first = 0;
  let second = 0;
  for (const job of jobs) {
    first += job.first;
    second = Math.max(first, second) + job.second;
  }
  return second;
}

export default defineModel({
  name: 'scheduling',
  help: 'Jobs agree among themselves on the best order for two machines in line, and are then made in that order.',
  params: {
    jobs: { type: 'integer', default: 12, min: 1, max: 2000, help: 'how many there are' },
    longest: { type: 'integer', default: 20, min: 1, max: 1_000_000, help: 'most seconds on one machine' },
  },
  agents: [Job, Machine],
  place: (id, clusters, { jobs }) =>
    typeof id === 'number'
      ? Math.floor(((id - 1) * clusters) / jobs)
      : (MACHINES as readonly AgentId[]).indexOf(id) % clusters,
  populate: ({ add, params, seed }) => {
    jobsOf(params, seed).forEach((times, index) => {
      const ahead = index === 0 ? null : index;
      const behind = index === params.jobs - 1 ? null : index + 2;
      add(Job, { id: index + 1, args: [times, ahead, behind] });
    });
    for (const id of MACHINES) add(Machine, { id });
  },
  summarize: ({ results, seed, simTime }, params) => {
    const jobs = jobsOf(params, seed);
    const places = Object.entries(results['place'] ?? {}) as [string, number][];
    const order = places.sort(([, a], [, b]) => a - b).map(([id]) => Number(id));
    const expected = makespan(order.map((number) => jobs[number - 1] as Times));
    if (simTime !== expected)
      throw new Error(`the jobs took ${simTime} s, but that order takes ${expected} s`);
    const offers = Object.values(results['offers'] ?? {}) as number[];
    return {
      makespan: simTime,
      asTheyCame: makespan(jobs),
      busiest: Math.max(
        jobs.reduce((sum, { first }) => sum + first, 0),
        jobs.reduce((sum, { second }) => sum + second, 0),
      ),
      offers: offers.reduce((sum, count) => sum + count, 0),
      order,
    };
  },
});

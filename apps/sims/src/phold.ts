import { Agent, defineModel, layout, type Message, type Random } from '@troupe/core';

type Load = { hop: number };

/** Draws the time until the next hop, in simulated seconds. */
type Delay = (random: Random) => number;

interface Delays {
  readonly delay: 'exponential' | 'constant' | 'ticks';
  readonly mean: number;
  readonly lookahead: number;
  readonly tick: number;
}

/** The delays of a run: all have the given mean, and none is below the lookahead. */
function delayOf({ delay, mean, lookahead, tick }: Delays): Delay {
  if (lookahead > mean) {
    throw new RangeError(`lookahead is ${lookahead}: give at most the mean delay, which is ${mean}`);
  }
  if (delay === 'ticks') {
    const least = Math.max(1, Math.ceil(lookahead / tick));
    const more = mean / tick - least;
    if (more < 0)
      throw new RangeError(`tick is ${tick}: ${least} of it are more than the mean delay ${mean}`);
    if (more === 0) return () => mean;
    // How often one fails before one succeeds: what the exponential distribution is to whole numbers.
    const scale = 1 / Math.log1p(1 / more);
    return (random) => (least + Math.floor(random.exponential(scale))) * tick;
  }
  if (delay === 'constant' || lookahead === mean) return () => mean;
  return (random) => lookahead + random.exponential(mean - lookahead);
}

/** What is the same for all agents of a run. */
interface Habits extends Delays {
  readonly agents: number;
  readonly events: number;
  readonly remote: number;
  readonly end: number;
}

/** Sends on what it gets: mostly to itself, or to anyone. */
class Holder extends Agent<Load> {
  readonly #habits: Habits;
  readonly #delay: Delay;

  constructor(habits: Habits, delay: Delay) {
    super();
    this.#habits = habits;
    this.#delay = delay;
  }

  override setup(): void {
    for (let event = 0; event < this.#habits.events; event += 1) this.#hop(1);
  }

  override receive({ body }: Message<Load>): void {
    this.#hop(body + 1);
  }

  #hop(hops: number): void {
    const { random } = this;
    const { agents, remote, end } = this.#habits;
    const to = random.float() < remote ? random.integer(agents) : this.id;
    const delay = this.#delay(random);
    if (this.time + delay < end) this.send(to, 'hop', hops, delay);
  }

  override snapshot(): Habits {
    return this.#habits;
  }

  static override restore(habits: Habits): Holder {
    return new Holder(habits, delayOf(habits));
  }
}

/**
 * PHOLD, the usual synthetic load: a constant number of messages, each of which hops on when it arrives. Source: R. M.
 * Fujimoto, Performance of Time Warp under synthetic workloads (1990), with the parameters of ROSS: exponential delays
 * of which the lookahead is the constant part, and destinations of remote hops drawn from all agents.
 */
export default defineModel({
  name: 'phold',
  help: 'A constant number of messages hops from agent to agent after random delays: the usual synthetic load.',
  params: {
    agents: { type: 'integer', default: 1024, min: 1, max: 10_000_000, help: 'how many there are' },
    events: { type: 'integer', default: 16, min: 1, max: 10_000, help: 'messages per agent' },
    remote: {
      type: 'number',
      default: 0.25,
      min: 0,
      max: 1,
      help: 'share of hops to an agent drawn from all',
    },
    delay: {
      type: 'text',
      default: 'exponential',
      choices: ['exponential', 'constant', 'ticks'],
      help: 'how delays are distributed; ticks: whole numbers of them',
    },
    mean: { type: 'number', default: 1, min: 1e-6, max: 1e6, help: 'mean delay in seconds' },
    lookahead: { type: 'number', default: 0.1, min: 0, max: 1e6, help: 'least delay in seconds' },
    tick: { type: 'number', default: 0.125, min: 1e-6, max: 1e6, help: 'length of a tick in seconds' },
    end: { type: 'number', default: 100, min: 0, max: 1e9, help: 'seconds after which nothing is due' },
  },
  agents: [Holder],
  layouts: { hop: layout('u32') },
  lookahead: ({ lookahead }) => lookahead,
  populate: ({ add, params }) => {
    const args: ConstructorParameters<typeof Holder> = [params, delayOf(params)];
    for (let id = 0; id < params.agents; id += 1) add(Holder, { id, args });
  },
  summarize: ({ events, reason, simTime }, params) => {
    const messages = params.agents * params.events;
    const span = reason === 'idle' ? params.end : simTime;
    return { messages, hopsPerMessage: events / messages, meanDelay: (messages * span) / events };
  },
});

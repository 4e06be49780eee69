import { Agent, type AgentId, defineModel, layout, type Message, Random } from '@troupe/core';
import { degreeOf, type Graph, largestDegree, scaleFreeGraph } from './scale-free-graph.ts';

/** Rumours are bits of a number. */
const MOST_RUMOURS = 31;

type Gossip = {
  /** A rumour begins here. */
  begin: number;
  rumour: { rumour: number; hops: number };
  /** What the other made of it; `hops` as they were told. */
  answer: { rumour: number; hops: number; knew: boolean };
};

/** What the rest follows from. */
interface Setting {
  readonly agents: number;
  readonly links: number;
  readonly rumours: number;
  readonly interval: number;
  readonly interest: number;
  readonly delay: number;
  readonly lookahead: number;
}

interface Manners {
  readonly setting: Setting;
  readonly seed: number;
  /** Whom each agent talks to. */
  readonly graph: Graph;
  /** By rumour: who begins with it, and when. */
  readonly origins: readonly { readonly id: AgentId; readonly time: number }[];
  /** Telling it to one who knows ends one's interest with a probability of 1 in this. */
  readonly interest: number;
  readonly lookahead: number;
  /** Mean seconds beyond the lookahead until a message arrives; 0 for none. */
  readonly spread: number;
}

/** A person on its way to another cluster; manners are large, and the same there. */
interface PersonState {
  readonly setting: Setting;
  readonly seed: number;
  readonly first: number;
  readonly degree: number;
  readonly known: number;
  readonly heard: number;
  readonly hops: number;
}

/** Tells every rumour it hears to one neighbour after the other, until it has lost interest. */
class Person extends Agent<Gossip> {
  readonly #manners: Manners;
  /** Where the own neighbours lie in the graph, and how many they are. */
  #first = 0;
  #degree = 0;
  /** Bit r is set when rumour r is known. */
  #known = 0;
  #heard = 0;
  #hops = 0;

  constructor(manners: Manners) {
    super();
    this.#manners = manners;
  }

  override setup(): void {
    const { graph, origins } = this.#manners;
    const self = this.id as number;
    this.#first = graph.offsets[self] as number;
    this.#degree = degreeOf(graph, self);
    origins.forEach(({ id, time }, rumour) => {
      if (id === self) this.setAlarmAt(time, 'begin', rumour);
    });
  }

  override receive(message: Message<Gossip>): void {
    if (message.topic === 'rumour') {
      const { rumour, hops } = message.body;
      const knew = this.#learn(rumour, hops);
      this.send(message.from, 'answer', { rumour, hops, knew }, this.#delay());
      if (!knew) this.#tell(rumour, hops + 1);
    } else if (message.topic === 'answer') {
      const { rumour, hops, knew } = message.body;
      if (!knew || !this.random.chance(1 / this.#manners.interest)) this.#tell(rumour, hops);
    } else if (!this.#learn(message.body, 0)) {
      this.#tell(message.body, 1);
    }
  }

  /** Whether it was known already. */
  #learn(rumour: number, hops: number): boolean {
    const bit = 1 << rumour;
    if ((this.#known & bit) !== 0) return true;
    this.#known |= bit;
    this.#heard += 1;
    this.report('heard', this.#heard);
    if (hops >= this.#hops) {
      this.#hops = hops;
      this.report('hops', hops);
    }
    return false;
  }

  #tell(rumour: number, hops: number): void {
    const { neighbours } = this.#manners.graph;
    const to = neighbours[this.#first + this.random.integer(this.#degree)] as number;
    this.send(to, 'rumour', { rumour, hops }, this.#delay());
  }

  #delay(): number {
    const { lookahead, spread } = this.#manners;
    return spread === 0 ? lookahead : lookahead + this.random.exponential(spread);
  }

  override snapshot(): PersonState {
    const { setting, seed } = this.#manners;
    return {
      setting,
      seed,
      first: this.#first,
      degree: this.#degree,
      known: this.#known,
      heard: this.#heard,
      hops: this.#hops,
    };
  }

  static override restore(state: PersonState): Person {
    const person = new Person(mannersOf(state.setting, state.seed));
    person.#first = state.first;
    person.#degree = state.degree;
    person.#known = state.known;
    person.#heard = state.heard;
    person.#hops = state.hops;
    return person;
  }
}

let latest: { readonly key: string; readonly graph: Graph } | undefined;

/** The graph of a run; kept, since nodes of one thread, and whoever sums up, need the same one. */
export function gossipGraph({ agents, links }: { agents: number; links: number }, seed: number): Graph {
  if (agents <= links) throw new RangeError(`agents is ${agents}: give more than links, which is ${links}`);
  const key = `${agents} ${links} ${seed}`;
  if (latest?.key !== key) latest = { key, graph: scaleFreeGraph(agents, links, seed) };
  return latest.graph;
}

let latestManners: Manners | undefined;

/** The manners of a run; kept, since everybody who comes from another cluster needs the same. */
function mannersOf(setting: Setting, seed: number): Manners {
  const known = latestManners;
  if (known?.seed === seed && sameSetting(known.setting, setting)) return known;
  const { agents, rumours, interval, interest, delay, lookahead } = setting;
  const random = Random.of(seed, 'origins');
  latestManners = {
    setting,
    seed,
    graph: gossipGraph(setting, seed),
    origins: Array.from({ length: rumours }, (_, rumour) => ({
      id: random.integer(agents),
      time: rumour * interval,
    })),
    interest,
    lookahead,
    spread: delay - lookahead,
  };
  return latestManners;
}

function sameSetting(one: Setting, other: Setting): boolean {
  return (Object.keys(one) as (keyof Setting)[]).every((name) => one[name] === other[name]);
}

/**
 * Rumours in a scale-free network. How they spread: A. Demers et al., Epidemic algorithms for replicated database
 * maintenance (1987), rumour mongering with feedback and coin; here each agent knows its neighbours only. Reach, rounds
 * and traffic are theirs too.
 */
export default defineModel({
  name: 'gossip',
  help: 'Rumours spread along the edges of a scale-free network until nobody is interested any more.',
  params: {
    agents: { type: 'integer', default: 100_000, min: 2, max: 10_000_000, help: 'how many there are' },
    links: {
      type: 'integer',
      default: 2,
      min: 1,
      max: 100,
      help: 'neighbours that each one has when it joins',
    },
    rumours: { type: 'integer', default: 2, min: 1, max: MOST_RUMOURS, help: 'how many rumours there are' },
    interval: { type: 'number', default: 5, min: 0, max: 1e6, help: 'seconds between their beginnings' },
    interest: {
      type: 'number',
      default: 4,
      min: 1,
      max: 1000,
      help: '1 in this is the chance to lose interest',
    },
    delay: { type: 'number', default: 1, min: 1e-6, max: 1e6, help: 'mean seconds until a message arrives' },
    lookahead: { type: 'number', default: 0.5, min: 0, max: 1e6, help: 'least seconds until then' },
  },
  agents: [Person],
  layouts: {
    begin: layout('u8'),
    rumour: layout({ rumour: 'u8', hops: 'u32' }),
    answer: layout({ rumour: 'u8', hops: 'u32', knew: 'bool' }),
  },
  lookahead: ({ lookahead }) => lookahead,
  populate: ({ add, params, seed }) => {
    const { agents, delay, lookahead } = params;
    if (lookahead > delay) {
      throw new RangeError(`lookahead is ${lookahead}: give at most the mean delay, which is ${delay}`);
    }
    const args: [Manners] = [mannersOf(params, seed)];
    for (let id = 0; id < agents; id += 1) add(Person, { id, args });
  },
  summarize: ({ events, results, seed }, params) => {
    const pairs = params.agents * params.rumours;
    let heard = 0;
    let rounds = 0;
    for (const count of Object.values(results['heard'] ?? {})) heard += count as number;
    for (const hops of Object.values(results['hops'] ?? {})) rounds = Math.max(rounds, hops as number);
    return {
      reach: heard / pairs,
      rounds,
      messagesPerAgent: events / pairs,
      maxDegree: largestDegree(gossipGraph(params, seed)),
    };
  },
});

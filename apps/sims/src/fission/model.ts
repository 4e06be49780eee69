import { Agent, defineModel, layout, type Message, type Random } from '@troupe/core';

type Pile = {
  /** The generation: 0 for a neutron of the source. */
  neutron: number;
};

interface Physics {
  readonly atoms: number;
  /** Mean number of neutrons that a split sets free. */
  readonly yield: number;
  /** Probability that a neutron leaves the pile without meeting an atom. */
  readonly escape: number;
  readonly lookahead: number;
  /** Mean seconds of flight beyond the lookahead. */
  readonly flight: number;
}

/** Flies to an atom, or out of the pile. */
function targetOf(random: Random, physics: Physics): number | undefined {
  return random.chance(physics.escape) ? undefined : 1 + random.integer(physics.atoms);
}

function flightOf(random: Random, { lookahead, flight }: Physics): number {
  return lookahead + random.exponential(flight);
}

/** Splits when the first neutron hits it, and sets others free; swallows those that come later. */
class Atom extends Agent<Pile> {
  readonly #physics: Physics;
  #isSplit = false;

  constructor(physics: Physics) {
    super();
    this.#physics = physics;
  }

  override receive({ body: generation }: Message<Pile>): void {
    if (this.#isSplit) return;
    this.#isSplit = true;
    this.report('generation', generation);
    const { random } = this;
    const whole = Math.floor(this.#physics.yield);
    const neutrons = whole + (random.chance(this.#physics.yield - whole) ? 1 : 0);
    let escaped = 0;
    for (let neutron = 0; neutron < neutrons; neutron += 1) {
      const atom = targetOf(random, this.#physics);
      if (atom === undefined) escaped += 1;
      else this.send(atom, 'neutron', generation + 1, flightOf(random, this.#physics));
    }
    this.report('neutrons', neutrons);
    this.report('escaped', escaped);
  }
}

/** Sends the neutrons that everything begins with. */
class Source extends Agent<Pile> {
  readonly #physics: Physics;
  readonly #neutrons: number;

  constructor(physics: Physics, neutrons: number) {
    super();
    this.#physics = physics;
    this.#neutrons = neutrons;
  }

  override setup(): void {
    const { random } = this;
    for (let neutron = 0; neutron < this.#neutrons; neutron += 1) {
      const atom = 1 + random.integer(this.#physics.atoms);
      this.send(atom, 'neutron', 0, flightOf(random, this.#physics));
    }
  }
}

const sum = (values: Readonly<Record<string, unknown>> | undefined): number =>
  Object.values(values ?? {}).reduce<number>((total, value) => total + (value as number), 0);

export default defineModel({
  name: 'fission',
  help: 'Neutrons split atoms, which set more neutrons free: a chain reaction, to be run event by event.',
  params: {
    atoms: { type: 'integer', default: 60, min: 1, max: 1_000_000, help: 'atoms in the pile' },
    source: { type: 'integer', default: 2, min: 1, max: 1000, help: 'neutrons that it begins with' },
    yield: { type: 'number', default: 2.5, min: 0, max: 10, help: 'mean neutrons that a split sets free' },
    escape: { type: 'number', default: 0.25, min: 0, max: 1, help: 'share of neutrons that meet no atom' },
    flight: {
      type: 'number',
      default: 1,
      min: 1e-6,
      max: 1e6,
      help: 'mean seconds of flight, beyond the least',
    },
    lookahead: { type: 'number', default: 0.1, min: 0, max: 1e6, help: 'least seconds of flight' },
  },
  agents: [Atom, Source],
  layouts: { neutron: layout('u32') },
  lookahead: ({ lookahead }) => lookahead,
  populate: ({ add, params }) => {
    for (let id = 1; id <= params.atoms; id += 1) add(Atom, { id, args: [params] });
    add(Source, { id: 'source', args: [params, params.source] });
  },
  summarize: ({ events, reason, results }, params) => {
    const generations = Object.values(results['generation'] ?? {}) as number[];
    const neutrons = params.source + sum(results['neutrons']);
    const escaped = sum(results['escaped']);
    if (reason === 'idle' && neutrons !== escaped + events) {
      throw new Error(`${neutrons} neutrons were set free, but ${escaped} escaped and ${events} hit an atom`);
    }
    return {
      split: generations.length,
      whole: params.atoms - generations.length,
      generations: generations.reduce((most, generation) => Math.max(most, generation + 1), 0),
      neutrons,
      escaped,
      swallowed: events - generations.length,
    };
  },
});

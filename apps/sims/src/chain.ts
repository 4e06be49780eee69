import { Agent, defineModel, type Message } from '@troupe/core';

interface Signatures {
  readonly signed: number[];
  /** Who had the message, in order; cut off after {@link TRAIL}. */
  readonly trail: number[];
  readonly hops: number;
}

type Chain = { signatures: Signatures };

const TRAIL = 1000;

/** Signs what comes and passes it on to anyone else, until all have signed. */
class Signatory extends Agent<Chain> {
  readonly #agents: number;

  constructor(agents: number) {
    super();
    this.#agents = agents;
  }

  override setup(): void {
    if (this.id === 1) this.send(1, 'signatures', { signed: [], trail: [], hops: 0 });
  }

  override receive({ body }: Message<Chain>): void {
    const id = this.id as number;
    if (!body.signed.includes(id)) body.signed.push(id);
    if (body.trail.length < TRAIL) body.trail.push(id);
    if (body.signed.length === this.#agents) {
      this.report('contract', body);
      this.stop('contract', { by: id, signed: body.signed });
      return;
    }
    // One of the others: a number below the own stays, the rest move up by one.
    const draw = 1 + this.random.integer(this.#agents - 1);
    this.send(draw < id ? draw : draw + 1, 'signatures', { ...body, hops: body.hops + 1 });
  }
}

export default defineModel({
  name: 'chain',
  help: 'Agents pass a message on at random until all have signed it; who sees all signatures makes the contract.',
  params: { agents: { type: 'integer', default: 4, min: 2, max: 100_000, help: 'how many must sign' } },
  agents: [Signatory],
  place: (id, clusters, { agents }) => Math.floor((((id as number) - 1) * clusters) / agents),
  populate: ({ add, params }) => {
    for (let id = 1; id <= params.agents; id += 1) add(Signatory, { id, args: [params.agents] });
  },
  summarize: ({ results }) => {
    const [contract] = Object.values(results['contract'] ?? {}) as Signatures[];
    return { ...contract };
  },
});

import { describe, expect, it } from 'vitest';
import { type Probe, WaitGraph } from '../src/live/wait-graph.ts';
import { numbers } from './fixtures/numbers.ts';

const SCHEDULES = 100_000;

type Parcel =
  | { readonly kind: 'hold'; readonly sender: number; readonly receiver: number }
  | { readonly kind: 'release'; readonly sender: number; readonly receiver: number }
  | { readonly kind: 'probe'; readonly probe: Probe };

/**
 * Agents that wait for each other at random, over clusters whose links are slow but keep their order. A receiver knows
 * who waits for it, a sender is told. Who knows that it waits takes nothing, whoever else takes what it likes.
 */
class Waiters {
  readonly graphs: WaitGraph[];
  broken = 0;
  readonly #next: (bound: number) => number;
  readonly #agents: number;
  readonly #clusters: number;
  readonly #links: Parcel[][];
  /** Who waits for whom, `sender>receiver`, and when each began and ceased to. */
  readonly #edges = new Set<string>();
  readonly #spans = new Map<string, [number, number][]>();
  #step = 0;

  constructor(
    seed: number,
    agents: number,
    clusters: number,
    make: (at: (s: number, r: number) => boolean) => WaitGraph,
  ) {
    this.#next = numbers(seed);
    this.#agents = agents;
    this.#clusters = clusters;
    this.#links = Array.from({ length: clusters * clusters }, () => []);
    this.graphs = Array.from({ length: clusters }, () => make((s, r) => this.#edges.has(`${s}>${r}`)));
  }

  play(actions: number): void {
    for (let left = actions; left > 0; left -= 1) {
      this.#step += 1;
      if (this.#next(3) === 0) this.#act();
      else this.#deliver();
    }
    while (this.#links.some((link) => link.length > 0)) {
      this.#step += 1;
      if (this.#step > 100_000) throw new Error('probes go round for ever');
      this.#deliver();
    }
    this.#checkNoCycle();
  }

  #graphOf(agent: number): WaitGraph {
    return this.graphs[agent % this.#clusters] as WaitGraph;
  }

  #act(): void {
    const agent = this.#next(this.#agents);
    const other = this.#next(this.#agents);
    const isHeld = this.#graphOf(agent).waits(agent);
    if (this.#next(20) === 0) {
      // The agent is removed: what waits for it is gone. Another comes under its id.
      this.#graphOf(agent).renew(agent);
      for (let sender = 0; sender < this.#agents; sender += 1) this.#drop(sender, agent);
    } else if (this.#next(2) === 0 && agent !== other && (!isHeld || this.#next(8) === 0)) {
      this.#add(agent, other);
    } else if (!isHeld) {
      this.#drop(other, agent);
    }
  }

  #add(sender: number, receiver: number): void {
    const edge = `${sender}>${receiver}`;
    if (this.#edges.has(edge)) return;
    this.#edges.add(edge);
    const spans = this.#spans.get(edge) ?? [];
    spans.push([this.#step, Number.POSITIVE_INFINITY]);
    this.#spans.set(edge, spans);
    this.#tell(receiver, sender, { kind: 'hold', sender, receiver });
  }

  #drop(sender: number, receiver: number): void {
    const edge = `${sender}>${receiver}`;
    if (!this.#edges.delete(edge)) return;
    (this.#spans.get(edge)?.at(-1) as [number, number])[1] = this.#step;
    this.#tell(receiver, sender, { kind: 'release', sender, receiver });
  }

  /** From the cluster of one agent to that of another. */
  #tell(from: number, to: number, parcel: Parcel): void {
    const home = from % this.#clusters;
    const target = to % this.#clusters;
    if (home === target) this.#hear(target, parcel);
    else (this.#links[home * this.#clusters + target] as Parcel[]).push(parcel);
  }

  #deliver(): void {
    const busy = this.#links.flatMap((link, index) => (link.length > 0 ? [index] : []));
    if (busy.length === 0) return;
    const index = busy[this.#next(busy.length)] as number;
    this.#hear(index % this.#clusters, (this.#links[index] as Parcel[]).shift() as Parcel);
  }

  #hear(cluster: number, parcel: Parcel): void {
    const graph = this.graphs[cluster] as WaitGraph;
    if (parcel.kind === 'release') {
      graph.release(parcel.sender, parcel.receiver);
      return;
    }
    const probes = [parcel.kind === 'hold' ? graph.hold(parcel.sender, parcel.receiver) : parcel.probe];
    for (let probe = probes.pop(); probe !== undefined; probe = probes.pop()) {
      const target = WaitGraph.target(probe) as number;
      if (target % this.#clusters !== cluster) {
        this.#tell(cluster, target, { kind: 'probe', probe });
        continue;
      }
      if (probe.kind !== 'break') {
        probes.push(...graph.pursue(probe));
        continue;
      }
      this.#breakUp(probe.circle.map(({ id }) => id as number));
      probes.push({ kind: 'again', initiator: probe.initiator });
    }
  }

  #breakUp(cycle: readonly number[]): void {
    this.broken += 1;
    const spans = cycle.map(
      (agent, at) => this.#spans.get(`${agent}>${cycle[(at + 1) % cycle.length]}`) ?? [],
    );
    const wereAll = (step: number): boolean =>
      spans.every((own) => own.some(([from, to]) => from <= step && step <= to));
    if (!spans.flat().some(([from]) => wereAll(from))) {
      throw new Error(`${cycle.join(', ')} never waited for each other at once`);
    }
    this.#drop(cycle.at(-1) as number, cycle[0] as number);
  }

  #checkNoCycle(): void {
    // Whoever waits for nobody can take everything: what is left in the end waits in a circle.
    const left = new Set(this.#edges);
    for (let before = -1; before !== left.size; ) {
      before = left.size;
      const waiting = new Set(Array.from(left, (edge) => edge.split('>')[0]));
      for (const edge of left) if (!waiting.has(edge.split('>')[1] as string)) left.delete(edge);
    }
    if (left.size > 0) throw new Error(`a circle was not found: ${[...left].join(', ')}`);
  }
}

/** Plays all schedules; answers how many circles were broken up. */
function playAll(make: (at: (s: number, r: number) => boolean) => WaitGraph): number {
  let broken = 0;
  for (let seed = 1; seed <= SCHEDULES; seed += 1) {
    const waiters = new Waiters(seed, 2 + (seed % 5), 1 + (Math.floor(seed / 5) % 3), make);
    try {
      waiters.play(60);
    } catch (error) {
      throw new Error(`schedule ${seed}: ${(error as Error).message}`);
    }
    broken += waiters.broken;
  }
  return broken;
}

type At = (sender: number, receiver: number) => boolean;
const plain = (at: At): WaitGraph => new WaitGraph(at as never);

describe('agents that wait for each other in a circle', () => {
  it(`are found, every time and only then, in ${SCHEDULES} schedules`, { timeout: 60_000 }, () => {
    expect(playAll(plain)).toBeGreaterThan(SCHEDULES / 10);
  });

  it('would be found where there are none, without the second lap', { timeout: 60_000 }, () => {
    class OneLap extends WaitGraph {
      override pursue(probe: Exclude<Probe, { kind: 'break' }>): readonly Probe[] {
        const [lap, ...rest] = super.pursue(probe);
        if (lap?.kind !== 'lap') return lap === undefined ? [] : [lap, ...rest];
        return [{ kind: 'break', circle: lap.circle, initiator: lap.initiator, at: 0 }];
      }
    }
    expect(() => playAll((at) => new OneLap(at as never))).toThrow('never waited for each other at once');
  });

  it('would be missed, if those who found one did not look again', { timeout: 60_000 }, () => {
    class OnceOnly extends WaitGraph {
      override pursue(probe: Exclude<Probe, { kind: 'break' }>): readonly Probe[] {
        return probe.kind === 'again' ? [] : super.pursue(probe);
      }
    }
    expect(() => playAll((at) => new OnceOnly(at as never))).toThrow('a circle was not found');
  });

  it('are named in their order, from the least id on: integers before texts', () => {
    const waiting = new Set(['b>10', '10>9', '9>b']);
    const graph = new WaitGraph((sender, receiver) => waiting.has(`${sender}>${receiver}`));
    let probes: Probe[] = [graph.hold('b', 10), graph.hold(10, 9), graph.hold(9, 'b')];
    const circles: string[] = [];
    for (let round = 0; round < 20; round += 1) {
      const further = probes.flatMap((probe) => (probe.kind === 'break' ? [] : graph.pursue(probe)));
      for (const probe of further) {
        if (probe.kind === 'break') circles.push(JSON.stringify(probe.circle.map(({ id }) => id)));
      }
      probes = further.filter(({ kind }) => kind !== 'again');
    }
    expect(new Set(circles)).toEqual(new Set(['[9,"b",10]']));
  });
});

import { writeFileSync } from 'node:fs';
import {
  type AgentId,
  compareIds,
  type Model,
  type Report,
  resolveParams,
  type Simulation,
  type SimulationOptions,
} from '@troupe/core';
import { type Placement, partition, placementQuality, placementToJson } from '@troupe/core/placement';
import { loadPlacement, type PlacementWish } from './placement-options.ts';
import { percent, whole } from './table.ts';
import { UsageError } from './usage-error.ts';

/** A line for people: what it is about, and the rest. */
export type Line = readonly [label: string, text: string];

interface PlacedRun {
  readonly params: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly clusters: number;
}

/** Share of the messages that crossed between clusters. */
export function crossingOf({ local, remote }: Pick<Report, 'local' | 'remote'>): number {
  return local + remote === 0 ? 0 : remote / (local + remote);
}

/** Largest load of a cluster over the mean, in deliveries: 1 is even. */
function balanceOf({ clusters, events }: Pick<Report, 'clusters' | 'events'>): number {
  if (events === 0) return 1;
  return (Math.max(...clusters.map((cluster) => cluster.events)) * clusters.length) / events;
}

/** What a run does about where its agents live: before it, the options of its simulation; after it, what came of them. */
export class Placing {
  readonly options: Pick<SimulationOptions, 'placement' | 'traffic' | 'rebalance'>;
  readonly #wish: PlacementWish;
  readonly #clusters: number;
  /** How many agents the model begins with, and how many of those the placement lists. */
  #agents = 0;
  #listed = 0;

  /** @throws {UsageError} where that cannot be */
  constructor(wish: PlacementWish, model: Model, run: PlacedRun) {
    this.#wish = wish;
    this.#clusters = run.clusters;
    if (wish.save !== undefined && run.clusters < 2) {
      throw new UsageError('--save-placement divides agents into clusters: give --clusters 2 or more');
    }
    if (wish.rebalance && run.clusters < 2) {
      throw new UsageError('--rebalance moves agents between clusters: give --clusters 2 or more');
    }
    const placement = this.#placement(model, run);
    this.options = {
      ...(placement === undefined ? {} : { placement }),
      ...(wish.save === undefined ? {} : { traffic: 1 }),
      ...(wish.rebalance ? { rebalance: 'auto' } : {}),
    };
  }

  /** Saves what is to be saved, and tells what placement did in this run. */
  async after(simulation: Simulation, report: Report): Promise<readonly Line[]> {
    const { save, use, rebalance } = this.#wish;
    const lines: Line[] = [];
    if (use !== undefined) {
      const some = this.#listed < this.#agents;
      const listed = some
        ? `; it lists ${whole(this.#listed)} of ${whole(this.#agents)} agents, the others are where the model puts them`
        : '';
      lines.push(['placement', `${use}: ${wordsOf(crossingOf(report), balanceOf(report))}${listed}`]);
    }
    if (rebalance) lines.push(...movesOf(report));
    if (save !== undefined) {
      const traffic = await simulation.traffic();
      const placement = partition(traffic, { clusters: this.#clusters });
      const { crossing, balance } = placementQuality(traffic, placement);
      writeFileSync(save, placementToJson(placement));
      lines.push(
        ['before', wordsOf(crossingOf(report), balanceOf(report))],
        ['saved', `${save}: with it, ${percent(crossing)} would cross, load balance ${balance.toFixed(2)}`],
      );
    }
    return lines;
  }

  #placement(model: Model, run: PlacedRun): Placement | undefined {
    const { use, dealt } = this.#wish;
    if (use !== undefined) {
      const placement = loadPlacement(use, run.clusters);
      const known = new Set(placement.agents);
      const ids = idsOf(model, run);
      this.#agents = ids.length;
      this.#listed = ids.filter((id) => known.has(id)).length;
      if (this.#listed > 0 || this.#agents === 0) return placement;
      throw new UsageError(
        `--placement ${use} lists none of the agents of ${model.name}: save one from a run of this sim`,
      );
    }
    if (!dealt) return undefined;
    const agents = idsOf(model, run).sort(compareIds);
    return { clusters: run.clusters, agents, cluster: Int32Array.from(agents, (_, at) => at % run.clusters) };
  }
}

/** The ids that the agents of a model have at the beginning; those that it leaves to the nodes are not known here. */
function idsOf(model: Model, run: PlacedRun): AgentId[] {
  const ids: AgentId[] = [];
  model.populate({
    params: resolveParams(model.params ?? {}, run.params),
    seed: run.seed,
    clusters: run.clusters,
    add: (_agentClass, { id } = {}) => {
      if (id === undefined) return '';
      ids.push(id);
      return id;
    },
  });
  return ids;
}

function wordsOf(crossing: number, balance: number): string {
  return `${percent(crossing)} of the messages crossed, load balance ${balance.toFixed(2)}`;
}

function movesOf({ rebalances = [] }: Report): Line[] {
  const lines = rebalances
    .filter(({ moved }) => moved > 0)
    .map(
      ({ simTime, moved, crossing, balance }): Line => [
        'moved',
        `${whole(moved)} agents at ${simTime} s: crossing ${percent(crossing.before)} → ${percent(crossing.after)}, balance ${balance.before.toFixed(2)} → ${balance.after.toFixed(2)}`,
      ],
    );
  if (lines.length > 0) return lines;
  return [
    [
      'moved',
      rebalances.length === 0
        ? 'nobody: the run was over before the first look'
        : 'nobody: nothing better was found',
    ],
  ];
}

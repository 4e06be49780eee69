import { extname } from 'node:path';
import type { NodeEvent, NodeGroup, Transport } from '../transport.ts';
import type { Job, ScenarioName, ScenarioOptions } from './scenario.ts';

/** A module beside this one, with the extension that this one has: `.ts` in the sources, `.js` when built. */
export function beside(name: string): URL {
  return new URL(`./${name}${extname(import.meta.url)}`, import.meta.url);
}

/** Nodes that play a scenario, and what their host has heard of them. */
export class Run {
  readonly group: NodeGroup;
  readonly events: NodeEvent[] = [];
  readonly #mayLose: readonly number[];
  readonly #watchers = new Set<() => void>();

  constructor(group: NodeGroup, mayLose: readonly number[] = []) {
    this.group = group;
    this.#mayLose = mayLose;
    group.onEvent((event) => {
      this.events.push(event);
      for (const watcher of [...this.#watchers]) watcher();
    });
  }

  /** What `node` has posted so far. */
  messages(node: number): unknown[] {
    return this.events.flatMap((event) =>
      event.type === 'message' && event.node === node ? [event.message] : [],
    );
  }

  /** Why `node` was lost, when it was. */
  lost(node: number): Error | undefined {
    const event = this.events.find(({ type, node: of }) => type === 'lost' && of === node);
    return event?.type === 'lost' ? event.error : undefined;
  }

  /** Resolves when `node` has posted `count` messages; with them. */
  async posted(node: number, count: number): Promise<unknown[]> {
    await this.until(() => this.messages(node).length >= count);
    return this.messages(node);
  }

  /** Resolves when every node has ended or was lost. */
  async over(): Promise<void> {
    await this.until(() => this.events.filter(({ type }) => type !== 'message').length >= this.group.size);
  }

  /** Resolves when `condition` holds after an event; rejects when a node is lost that should not be. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const lost = this.events.find(
          (event) => event.type === 'lost' && !this.#mayLose.includes(event.node),
        );
        if (lost?.type === 'lost') reject(lost.error);
        else if (condition()) resolve();
        else return;
        this.#watchers.delete(look);
      };
      this.#watchers.add(look);
      look();
    });
  }
}

/** Launches groups of nodes, and closes what a test has left open. */
export class Stage {
  readonly #open = new Set<NodeGroup>();

  async run<K extends ScenarioName>(
    transport: Transport,
    nodes: number,
    scenario: K,
    options: ScenarioOptions[K],
    mayLose: readonly number[] = [],
  ): Promise<Run> {
    const data: Job<K> = { scenario, options };
    const group = await transport.launch({ nodes, program: beside('compliance-node'), data });
    this.#open.add(group);
    return new Run(group, mayLose);
  }

  /** Runs a scenario from its beginning to its end; answers what each node has posted. */
  async play<K extends ScenarioName>(
    transport: Transport,
    nodes: number,
    scenario: K,
    options: ScenarioOptions[K],
  ): Promise<unknown[][]> {
    const run = await this.run(transport, nodes, scenario, options);
    await run.over();
    await run.group.close();
    return Array.from({ length: nodes }, (_, node) => run.messages(node));
  }

  /** For after each test. */
  async clear(): Promise<void> {
    const groups = [...this.#open];
    this.#open.clear();
    await Promise.all(groups.map((group) => group.close()));
  }
}

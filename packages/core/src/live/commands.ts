import type { AgentClass } from '../agent.ts';
import type { AgentTable } from '../agent-table.ts';
import type { Directory } from '../directory.ts';
import type { AgentId } from '../message.ts';
import type { Failures } from './failures.ts';
import type { Outbox } from './outbox.ts';
import type { LiveCommand } from './parcels.ts';
import type { Residents } from './residents.ts';

/** What commands change. */
export interface CommandSurroundings {
  readonly cluster: number;
  readonly clusters: number;
  readonly classes: readonly AgentClass[];
  readonly table: AgentTable;
  readonly directory: Directory;
  readonly isHalting: boolean;
  readonly residents: Pick<Residents, 'add' | 'leave' | 'of'>;
  readonly failures: Pick<Failures, 'late'>;
  readonly outbox: Pick<Outbox, 'send'>;
}

/** What agents do to the world other than sending: here at once, in other clusters as soon as it arrives. */
export class Commands {
  readonly #around: CommandSurroundings;

  constructor(surroundings: CommandSurroundings) {
    this.#around = surroundings;
  }

  /** An agent of this cluster gives a command. Who is to be added is added where its id is placed. */
  give(from: AgentId, command: LiveCommand): void {
    const { cluster: own, clusters, table, outbox, isHalting } = this.#around;
    if (isHalting) return;
    const only = command.kind === 'add' ? table.homeOf(command.id) : undefined;
    // First to others: what cannot be sent there must not be half done here.
    for (let cluster = 0; cluster < clusters; cluster += 1) {
      if (cluster !== own && (only ?? cluster) === cluster)
        outbox.send(cluster, { kind: 'command', from, command });
    }
    if ((only ?? own) === own) this.obey(from, command);
  }

  /** Carries out a command of an agent, of whatever cluster. */
  obey(from: AgentId, command: LiveCommand): void {
    const { table, directory, residents, isHalting } = this.#around;
    if (isHalting) return;
    switch (command.kind) {
      case 'subscribe':
        directory.subscribe(table.indexOf(from), command.subscription);
        return;
      case 'unsubscribe':
        if (command.subscription === null) directory.unsubscribeAll(table.indexOf(from));
        else directory.unsubscribe(table.indexOf(from), command.subscription);
        return;
      case 'add':
        this.#add(from, command);
        return;
      default: {
        const resident = residents.of(command.id);
        // Who lives elsewhere may have subscriptions here.
        directory.unsubscribeAll(table.indexOf(command.id));
        if (resident !== undefined) residents.leave(resident);
      }
    }
  }

  #add(from: AgentId, { agentClass, id, args }: Extract<LiveCommand, { kind: 'add' }>): void {
    const { classes, residents, failures } = this.#around;
    try {
      residents.add(id, { agentClass: classes[agentClass] as AgentClass, args });
    } catch (error) {
      failures.late(from, undefined, error);
    }
  }
}

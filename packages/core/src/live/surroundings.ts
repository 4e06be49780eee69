import type { AgentClass } from '../agent.ts';
import type { AgentId } from '../message.ts';
import type { Topics } from '../topics.ts';
import type { MailboxLimits } from './mailbox.ts';
import type { Notice, Parcel } from './parcels.ts';
import type { SupervisionLimits } from './supervisor.ts';

/** What a live cluster is made with. */
export interface LiveClusterOptions {
  readonly cluster: number;
  readonly clusters: number;
  readonly place: (id: AgentId) => number;
  readonly seed: number;
  readonly layouts: ConstructorParameters<typeof Topics>[0];
  readonly classes: readonly AgentClass[];
  readonly mailbox: MailboxLimits;
  readonly supervision: SupervisionLimits;
  /** Longest time in milliseconds that a promise may take to settle; 0 for no limit. */
  readonly handlerTimeout: number;
}

/** Everything that is not decided in a cluster. */
export interface LiveSurroundings {
  /** Seconds since the start; does not go back. */
  now(): number;
  /** Sends a parcel to another cluster: reliably, and in order. */
  carry(cluster: number, parcel: Parcel): void;
  /** Whether so much is under way to a cluster that those who send there should wait. */
  isFull(cluster: number): boolean;
  tell(notice: Notice): void;
  /** There is something to do, and nobody who is at it. */
  wake(): void;
}

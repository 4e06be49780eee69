import type { Subscription } from './directory.ts';
import type { AgentId } from './message.ts';

/**
 * What an agent does to the world other than sending. It travels like a message and takes hold at the same simulated
 * instant in every cluster.
 */
export type Command =
  | { readonly kind: 'subscribe'; readonly subscription: Subscription }
  | { readonly kind: 'unsubscribe'; readonly subscription: Subscription | null }
  | {
      readonly kind: 'add';
      readonly agentClass: number;
      readonly id: AgentId;
      readonly args: readonly unknown[];
    }
  | { readonly kind: 'remove'; readonly id: AgentId }
  | { readonly kind: 'stop'; readonly reason: string; readonly value: unknown }
  | { readonly kind: 'pause' };

/** Why a run was ended or interrupted by an agent. */
export interface Halt {
  readonly kind: 'stopped' | 'paused';
  readonly reason: string;
  readonly agent: AgentId;
  readonly value: unknown;
}

/** What happens when an agent throws. */
export type ErrorPolicy = 'stop' | 'remove' | 'restart' | 'continue';

export const ERROR_POLICIES: readonly ErrorPolicy[] = ['stop', 'remove', 'restart', 'continue'];

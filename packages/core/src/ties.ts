import { Hash } from './hash.ts';
import type { AgentId } from './message.ts';

/**
 * Who goes first of agents that sent in the same round: by `sender`, the lesser id; or by a `seeded` hash, drawn anew for
 * each instant, so that no id is favoured. What one agent sent in one round keeps its order either way.
 */
export type Ties = 'sender' | 'seeded';

export const TIES: readonly Ties[] = ['sender', 'seeded'];

/** Where `sender` stands among those that sent in one round of the run of `seed`: 32 bits, the least first. */
export function tieOf(seed: number, sender: AgentId, sentAt: number, sentRound: number): number {
  const hash = new Hash();
  hash.float(seed);
  hash.id(sender);
  hash.float(sentAt);
  hash.word(sentRound);
  hash.finish();
  return hash.a >>> 0;
}

import type { SimulationError } from '../errors.ts';
import type { DeadLetter } from '../kernel.ts';
import type { LogEntry } from '../log.ts';
import type { AgentId } from '../message.ts';
import type { DroppedMessage, FailureAction, Overflow } from './parcels.ts';

/** An agent that threw, or whose promise rejected or did not settle. */
export interface LiveFailure {
  readonly agent: AgentId;
  /** What went wrong, with `agent`, `topic` and `time`; what the agent threw is its `cause`. */
  readonly error: SimulationError;
  /** What is done about it; `none` where the agent is gone already, or the run is ending. */
  readonly action: FailureAction;
}

/**
 * What a live run tells. `log`, `deadLetter`, `dropped` and `overflow` come only while somebody listens, at most 1,000 of each kind
 * in a second from each cluster; the report counts them all.
 */
export interface LiveEvents {
  log: [LogEntry];
  deadLetter: [DeadLetter];
  dropped: [DroppedMessage];
  overflow: [Overflow];
  failure: [LiveFailure];
  paused: [];
  resumed: [];
}

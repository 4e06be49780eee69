/*
 * Cells of a node's pulse, which its host may read at any time: see `Node.pulse` of the transport.
 */
/** Simulated time. */
export const PULSE_TIME = 0;
/** Messages delivered. */
export const PULSE_EVENTS = 1;
/** What the node is doing. */
export const PULSE_STATE = 2;
/** Windows run through. */
export const PULSE_WINDOWS = 3;
/** Index of the agent that is being called. */
export const PULSE_AGENT = 4;

/** Values of {@link PULSE_STATE}. */
export const STATE_WAITING = 0;
export const STATE_RUNNING = 1;

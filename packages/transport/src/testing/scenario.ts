import type { Node } from '../transport.ts';

/** How a node meets its end in the scenario `doomed`. */
export type Fate = 'throw' | 'exit' | 'uncaught' | 'rejection' | 'spin' | 'stay';

/** What the others do while it does. */
export type Blocked = 'exchange' | 'push' | 'wait' | 'arrival';

/** Every scenario that the compliance suite plays, with its options. */
export interface ScenarioOptions {
  /** All to all, in every way to send, each frame checked. */
  stream: { readonly frames: number; readonly longest: number; readonly seed: number };
  /** Frames of these lengths from node 0 to node 1. */
  sizes: { readonly lengths: readonly number[] };
  /** Node 0 does what must be refused. */
  refusals: Record<string, never>;
  /** Random and damaged bytes from node 0 to node 1. */
  noise: { readonly frames: number; readonly seed: number };
  /** A reader that takes frames one by one, and whose handler throws. */
  handlers: Record<string, never>;
  /** Node 0 sends until its link to node 1, which does not read, is full. */
  flood: { readonly length: number; readonly most: number };
  /** Everyone pushes this many bytes to everyone before anyone reads. */
  bothWays: { readonly bytes: number; readonly length: number };
  /** Node 0 pushes to peers that wait for it at a barrier. */
  lateReader: { readonly frames: number; readonly length: number };
  /** Exchanges of all widths with uneven arrival. */
  rounds: { readonly rounds: number; readonly seed: number };
  /** One exchange, each node with a width of its own, and of the last number in it. */
  widths: { readonly widths: readonly number[]; readonly last: number };
  /** Frames around many exchanges. */
  barrier: { readonly rounds: number; readonly frames: number };
  /** Tells what the node knows of itself. */
  introduce: { readonly text: string };
  /** Sends each control message back until it is `stop`. */
  echo: Record<string, never>;
  /** Counts in its pulse until a control message comes. */
  pulse: Record<string, never>;
  /** Waits without limit for a control message. */
  waitForHost: Record<string, never>;
  /** All to all, never blocking: who can neither read nor send waits for an arrival. */
  arrivals: { readonly frames: number; readonly length: number; readonly seed: number };
  /** Node 0 fills its link to node 1 and waits for room for a frame of this length; node 1 reads when it is told to. */
  room: { readonly length: number };
  /** Node 0 waits; node 1 sends a single frame when it is told to. */
  single: Record<string, never>;
  /** Waits for control messages without blocking. */
  patience: Record<string, never>;
  /** Arrivals one after the other, with a message that is never taken, until a timer has fired. */
  flooded: Record<string, never>;
  /** Arrivals that end with their time, so many at once; what they leave is measured. */
  timeouts: { readonly rounds: number; readonly waits: number };
  /** Node 0 sends and ends; node 1 reads when node 0 is gone. */
  legacy: { readonly lengths: readonly number[] };
  /** One node is lost while the others do something. */
  doomed: { readonly victim: number; readonly fate: Fate; readonly blocked: Blocked };
  /** Sends and receives without end. */
  busy: { readonly spin: boolean };
}

export type ScenarioName = keyof ScenarioOptions;

export type Scenarios = {
  readonly [K in ScenarioName]: (node: Node, options: ScenarioOptions[K]) => Promise<void>;
};

/** What the host gives to the nodes: which scenario, and its options. */
export interface Job<K extends ScenarioName = ScenarioName> {
  readonly scenario: K;
  readonly options: ScenarioOptions[K];
}

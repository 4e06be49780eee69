import type { Node } from '../transport.ts';
import { arrivals } from './arrival-node.ts';
import { control } from './control-node.ts';
import { exchanges } from './exchange-node.ts';
import { failures } from './failure-node.ts';
import { flow } from './flow-node.ts';
import { frames } from './frames-node.ts';
import type { Job, Scenarios } from './scenario.ts';

const scenarios: Scenarios = { ...frames, ...flow, ...arrivals, ...exchanges, ...control, ...failures };

/** What each node runs under the compliance suite: the scenario that the host names in its data. */
export default function program(node: Node): Promise<void> {
  const { scenario, options } = node.data as Job;
  return (scenarios[scenario] as (node: Node, options: unknown) => Promise<void>)(node, options);
}

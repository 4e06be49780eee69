import type { Node } from '@troupe/transport';
import { ClusterSession } from './session.ts';

/** What each node of a simulation runs. */
export default function program(node: Node): Promise<void> {
  return new ClusterSession(node).serve();
}

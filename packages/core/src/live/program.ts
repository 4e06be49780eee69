import type { Node } from '@troupe/transport';
import { LiveSession } from './session.ts';

/** What each node of a live run runs. */
export default function program(node: Node): Promise<void> {
  return new LiveSession(node).serve();
}

import { availableParallelism } from 'node:os';
import type { ResourceLimits } from 'node:worker_threads';
import {
  checkNodes,
  type LaunchOptions,
  type NodeGroup,
  type Transport,
  TransportError,
} from '@troupe/transport';
import { WorkerGroup } from './host/worker-group.ts';

export interface ThreadsOptions {
  /**
   * Bytes of the ring between each two nodes, each way: a power of two from 64 KiB to 64 MiB. Frames longer than half of
   * it travel over a message port. Default 1 MiB, 256 KiB for more than 4 nodes.
   */
  readonly ringBytes?: number;
  /**
   * How often a thread may look before it sleeps at a barrier; it looks less where looking has not helped. Default: 20,000
   * where each node can have a core of its own, else 0.
   */
  readonly spins?: number;
  /** Memory limits of each thread, as of `worker_threads`. Default: Node's. */
  readonly resourceLimits?: ResourceLimits;
}

/**
 * Each node on a worker thread. The thread that calls stays free: it is no node, it only hears of them.
 *
 * @throws {TransportError} `ERR_TROUPE_TRANSPORT_OPTION`
 */
export function threads(options: ThreadsOptions = {}): Transport {
  const { ringBytes, spins, resourceLimits } = options;
  if (ringBytes !== undefined) {
    const power = Number.isInteger(ringBytes) && (ringBytes & (ringBytes - 1)) === 0;
    if (!power || ringBytes < 64 * 1024 || ringBytes > 64 * 1024 * 1024) {
      throw new TransportError(
        'ERR_TROUPE_TRANSPORT_OPTION',
        `ringBytes is ${String(ringBytes)}: give a power of two from 65,536 to 67,108,864`,
        { value: ringBytes },
      );
    }
  }
  if (spins !== undefined && !(Number.isInteger(spins) && spins >= 0 && spins <= 1e9)) {
    throw new TransportError(
      'ERR_TROUPE_TRANSPORT_OPTION',
      `spins is ${String(spins)}: give a whole number, 0 or more`,
      {
        value: spins,
      },
    );
  }
  return Object.freeze({
    name: 'threads',
    async launch(launch: LaunchOptions): Promise<NodeGroup> {
      checkNodes(launch.nodes);
      return WorkerGroup.launch(launch, {
        ringBytes: ringBytes ?? (launch.nodes > 4 ? 256 : 1024) * 1024,
        spins: spins ?? (launch.nodes <= availableParallelism() ? 20_000 : 0),
        resourceLimits,
      });
    },
  });
}

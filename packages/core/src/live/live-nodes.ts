import { extname } from 'node:path';
import { type NodeEvent, type NodeGroup, TransportError, unpackError } from '@troupe/transport';
import { SimulationError, show } from '../errors.ts';
import { checkFingerprints } from '../fingerprint.ts';
import type { AgentId } from '../message.ts';
import type { LiveSettings } from './options.ts';
import type { Interest, LiveHostMessage, LiveNodeMessage } from './protocol.ts';
import { sharedClock } from './session.ts';
import { Watchdog } from './watchdog.ts';

/** Milliseconds between two looks at the pulses, and for which a thread may get no turn on a busy machine. */
const LOOK = 250;
const LEAST_STALL = 1000;

/** Who hears of the nodes. */
export interface NodesListener {
  onMessage(node: number, message: LiveNodeMessage): void;
  /** The run cannot go on. */
  onLost(error: Error): void;
}

/** The nodes of a live run, seen from the host: launched, told, watched, and closed. */
export class LiveNodes {
  readonly #settings: LiveSettings;
  readonly #listener: NodesListener;
  readonly #prints: string[] = [];
  readonly #ready = Promise.withResolvers<void>();
  /** By node: the ids of its agents, by index. */
  readonly #ids: AgentId[][] = [];
  #launching: Promise<NodeGroup> | undefined;
  #group: NodeGroup | undefined;
  #watch: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(settings: LiveSettings, listener: NodesListener) {
    this.#settings = settings;
    this.#listener = listener;
    // Nobody may be waiting when nodes are lost.
    this.#ready.promise.catch(() => {});
  }

  /** Starts the nodes; resolves when all have loaded the model. */
  async launch(): Promise<void> {
    const { transport, clusters, data } = this.#settings;
    const program = new URL(`./program${extname(import.meta.url)}`, import.meta.url);
    this.#launching = transport.launch({ nodes: clusters, program, data });
    const group = await this.#launching;
    this.#group = group;
    group.onEvent((event) => this.#hear(event));
    await this.#ready.promise;
    checkFingerprints(this.#prints);
  }

  /** Lets all set up their agents, and watches them from now on. */
  begin(interest: Interest): void {
    this.tellAll({ type: 'start', epoch: sharedClock(), interest });
    const { handlerTimeout } = this.#settings.data;
    const group = this.#group;
    if (handlerTimeout === 0 || group === undefined) return;
    const pulses = Array.from({ length: this.#settings.clusters }, (_, node) => group.pulse(node));
    const watchdog = new Watchdog(Math.max(handlerTimeout, LEAST_STALL));
    this.#watch = setInterval(() => {
      const stall = watchdog.look(pulses, performance.now());
      if (stall !== undefined) this.#endStalled(group, stall.node, stall.agent, stall.since);
    }, LOOK);
  }

  tell(node: number, message: LiveHostMessage): void {
    this.#group?.post(node, message);
  }

  tellAll(message: LiveHostMessage): void {
    for (let node = 0; node < this.#settings.clusters; node += 1) this.tell(node, message);
  }

  /** Ends all nodes. Idempotent. */
  async close(reason: Error): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#watch);
    this.#ready.reject(reason);
    // Nodes that are being started must not outlive this. Whoever launched them is told why they could not be.
    const group = await this.#launching?.catch(() => undefined);
    await group?.close();
  }

  #hear(event: NodeEvent): void {
    if (this.#isClosed) return;
    if (event.type !== 'message') {
      this.#lose(
        event.type === 'lost'
          ? event.error
          : new TransportError('ERR_TROUPE_NODE_EXITED', `node ${event.node} ended before the run did`, {
              node: event.node,
            }),
      );
      return;
    }
    const message = event.message as LiveNodeMessage;
    switch (message.type) {
      case 'ready':
        this.#prints[event.node] = message.fingerprint;
        if (Object.keys(this.#prints).length === this.#settings.clusters) this.#ready.resolve();
        return;
      case 'names': {
        this.#ids[event.node] ??= [];
        const ids = this.#ids[event.node] as AgentId[];
        message.ids.forEach((id, at) => {
          ids[message.indexes[at] as number] = id;
        });
        return;
      }
      case 'failed':
        if (message.fatal) this.#lose(unpack(message.error, event.node));
        else this.#listener.onMessage(event.node, message);
        return;
      default:
        this.#listener.onMessage(event.node, message);
    }
  }

  #lose(error: Error): void {
    this.#ready.reject(error);
    this.#listener.onLost(error);
  }

  #endStalled(group: NodeGroup, node: number, index: number, since: number): void {
    clearInterval(this.#watch);
    const agent = this.#ids[node]?.[index];
    const who = agent === undefined ? '' : ` in agent ${show(agent)}`;
    const error = new SimulationError(
      'ERR_TROUPE_NODE_STALLED',
      `node ${node} has made no progress for ${Math.round(since)} ms${who}: its handler does not return; mend it, or raise handlerTimeout`,
      { node, ...(agent === undefined ? {} : { agent }) },
    );
    group.terminate(node, error).catch((cause: unknown) => this.#lose(cause as Error));
  }
}

/** An error of a node, as it was there. */
export function unpack(packed: Parameters<typeof unpackError>[0], node: number): Error {
  return unpackError(packed, `node ${node}`, { SimulationError, TransportError });
}

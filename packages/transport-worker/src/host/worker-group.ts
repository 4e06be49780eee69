import { extname } from 'node:path';
import { MessageChannel, type MessagePort, type ResourceLimits, Worker } from 'node:worker_threads';
import {
  type LaunchOptions,
  type NodeEvent,
  type NodeGroup,
  TransportError,
  unknownPeer,
  unpackError,
} from '@troupe/transport';
import type { WorkerData, WorkerMessage } from '../protocol.ts';
import { SharedBlock, WORD_CONTROL, WORD_GONE } from '../shared-block.ts';

/** How long a thread may take to end once it was told to, in milliseconds. */
const TERMINATE_LIMIT = 5000;

export interface WorkerGroupOptions {
  readonly ringBytes: number;
  readonly spins: number;
  readonly resourceLimits: ResourceLimits | undefined;
}

interface Member {
  readonly worker: Worker;
  state: 'starting' | 'running' | 'ended' | 'lost';
  /** Settles when the thread is gone. */
  readonly gone: Promise<void>;
}

/** The host's side of nodes on worker threads. */
export class WorkerGroup implements NodeGroup {
  readonly size: number;
  readonly #block: SharedBlock;
  readonly #members: Member[] = [];
  readonly #early: NodeEvent[] = [];
  #listener: ((event: NodeEvent) => void) | undefined;
  #closing: Promise<void> | undefined;
  #started: { resolve: () => void; reject: (error: Error) => void } | undefined;

  private constructor(launch: LaunchOptions, options: WorkerGroupOptions) {
    this.size = launch.nodes;
    this.#block = SharedBlock.create(launch.nodes, options.ringBytes);
  }

  static async launch(launch: LaunchOptions, options: WorkerGroupOptions): Promise<WorkerGroup> {
    const group = new WorkerGroup(launch, options);
    const started = Promise.withResolvers<void>();
    group.#started = started;
    try {
      const ports = connect(launch.nodes);
      for (let id = 0; id < launch.nodes; id += 1) group.#start(id, launch, options, ports[id] ?? []);
      await started.promise;
    } catch (error) {
      await group.close();
      throw explainLaunch(error);
    }
    return group;
  }

  #start(
    id: number,
    launch: LaunchOptions,
    options: WorkerGroupOptions,
    ports: readonly (MessagePort | undefined)[],
  ): void {
    const data: WorkerData = {
      id,
      nodes: launch.nodes,
      buffer: this.#block.buffer,
      ringBytes: options.ringBytes,
      spins: options.spins,
      program: launch.program.href,
      data: launch.data,
      ports,
    };
    const worker = new Worker(new URL(`../entry/worker${extname(import.meta.url)}`, import.meta.url), {
      name: `troupe-${id}`,
      workerData: data,
      transferList: ports.filter((port) => port !== undefined),
      ...(options.resourceLimits === undefined ? {} : { resourceLimits: options.resourceLimits }),
    });
    const { promise: gone, resolve: settle } = Promise.withResolvers<void>();
    const member: Member = { worker, state: 'starting', gone };
    this.#members.push(member);
    worker.on('message', (message: WorkerMessage) => this.#hear(id, member, message));
    worker.on('messageerror', (cause) => {
      this.#lose(
        id,
        member,
        new TransportError('ERR_TROUPE_NODE_FAILED', `a message of node ${id} cannot be read`, {
          node: id,
          cause,
        }),
      );
    });
    worker.on('error', (error) => this.#lose(id, member, explain(id, error)));
    worker.on('exit', (code) => {
      this.#markGone(id);
      if (member.state === 'starting' || member.state === 'running') {
        this.#lose(
          id,
          member,
          new TransportError(
            'ERR_TROUPE_NODE_EXITED',
            `node ${id} exited with code ${code} before its program ended`,
            {
              node: id,
              value: code,
            },
          ),
        );
      }
      settle();
    });
  }

  #hear(id: number, member: Member, message: WorkerMessage): void {
    switch (message.type) {
      case 'running':
        if (member.state === 'starting') member.state = 'running';
        if (this.#members.every((other) => other.state !== 'starting')) this.#started?.resolve();
        return;
      case 'post':
        if (member.state !== 'lost') this.#emit({ type: 'message', node: id, message: message.message });
        return;
      case 'ended':
        if (member.state === 'lost') return;
        member.state = 'ended';
        this.#emit({ type: 'ended', node: id });
        // The thread may live on, for a timer that the program has left behind.
        this.#markGone(id);
        return;
      case 'failed':
        this.#lose(id, member, unpackError(message.error, `node ${id}`, { TransportError }));
    }
  }

  #lose(id: number, member: Member, error: Error): void {
    if (member.state === 'lost' || this.#closing !== undefined) {
      member.state = 'lost';
      return;
    }
    const early = member.state === 'starting';
    member.state = 'lost';
    if (early) this.#started?.reject(error);
    else this.#emit({ type: 'lost', node: id, error });
    // Whatever the thread still does, nobody should wait for it.
    this.#markGone(id);
  }

  /** Lets the peers know: those who wait for it wake up and see. */
  #markGone(id: number): void {
    Atomics.store(this.#block.words(id), WORD_GONE, 1);
    for (let peer = 0; peer < this.size; peer += 1) this.#block.doorbell(peer).ring();
  }

  #emit(event: NodeEvent): void {
    if (this.#closing !== undefined) return;
    if (this.#listener === undefined) this.#early.push(event);
    else this.#listener(event);
  }

  onEvent(listener: (event: NodeEvent) => void): void {
    this.#listener = listener;
    for (const event of this.#early.splice(0)) listener(event);
  }

  post(node: number, message: unknown): void {
    const { worker } = this.#member(node);
    try {
      worker.postMessage(message);
    } catch (cause) {
      throw new TransportError(
        'ERR_TROUPE_CONTROL_NOT_CLONEABLE',
        `a message to node ${node} cannot be cloned: ${(cause as Error).message}; send plain data`,
        { node, cause },
      );
    }
    Atomics.add(this.#block.words(node), WORD_CONTROL, 1);
    this.#block.doorbell(node).ring();
  }

  pulse(node: number): Float64Array {
    this.#member(node);
    return this.#block.pulse(node);
  }

  async terminate(node: number, reason: Error): Promise<void> {
    const member = this.#member(node);
    if (member.state === 'starting' || member.state === 'running') this.#lose(node, member, reason);
    await this.#end(node, member);
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #closeAll(): Promise<void> {
    const ends = await Promise.allSettled(this.#members.map((member, id) => this.#end(id, member)));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Ends a thread. One that is in a native call cannot be ended; then the caller is told instead of kept waiting. */
  async #end(id: number, member: Member): Promise<void> {
    void member.worker.terminate();
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        member.worker.unref();
        reject(
          new TransportError(
            'ERR_TROUPE_NODE_FAILED',
            `node ${id} did not end within ${TERMINATE_LIMIT} ms: its thread is in a native call, which only the end of the process stops`,
            { node: id },
          ),
        );
      }, TERMINATE_LIMIT);
    });
    try {
      await Promise.race([member.gone, tooLong]);
    } finally {
      clearTimeout(timer);
    }
  }

  #member(node: number): Member {
    const member = this.#members[node];
    if (member === undefined) throw unknownPeer(node, this.size);
    return member;
  }
}

/** A port for each node to each other. */
function connect(nodes: number): (MessagePort | undefined)[][] {
  const ports: (MessagePort | undefined)[][] = Array.from({ length: nodes }, () =>
    new Array<undefined>(nodes).fill(undefined),
  );
  for (let a = 0; a < nodes; a += 1) {
    for (let b = a + 1; b < nodes; b += 1) {
      const { port1, port2 } = new MessageChannel();
      (ports[a] as (MessagePort | undefined)[])[b] = port1;
      (ports[b] as (MessagePort | undefined)[])[a] = port2;
    }
  }
  return ports;
}

/** What a launch rejects with. */
function explainLaunch(error: unknown): unknown {
  if ((error as Error).name !== 'DataCloneError') return error;
  return new TransportError(
    'ERR_TROUPE_CONTROL_NOT_CLONEABLE',
    `the data for the nodes cannot be cloned: ${(error as Error).message}; give plain data`,
    { cause: error },
  );
}

function explain(id: number, error: unknown): Error {
  if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new TransportError(
      'ERR_TROUPE_NODE_OUT_OF_MEMORY',
      `node ${id} ran out of memory: give its thread more (resourceLimits), or use more nodes`,
      { node: id, cause: error },
    );
  }
  const message = error instanceof Error ? error.message : String(error);
  return new TransportError(
    'ERR_TROUPE_NODE_FAILED',
    `node ${id} failed outside of its program: ${message}`,
    {
      node: id,
      cause: error,
    },
  );
}

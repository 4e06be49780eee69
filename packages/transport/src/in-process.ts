import { TransportError } from './errors.ts';
import { checkNodes, exchangeWidth, peerLost, programError, tooLarge, unknownPeer } from './refusals.ts';
import {
  EXCHANGE_WIDTH,
  FRAME_LIMIT,
  type Frame,
  type FrameHandler,
  type FrameSpace,
  type LaunchOptions,
  type Node,
  type NodeEvent,
  type NodeGroup,
  type NodeProgram,
  PULSE_CELLS,
  type Transport,
} from './transport.ts';

/** Longest time in milliseconds that a timer of Node can be set for: one beyond it fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

export interface InProcessOptions {
  /** Bytes of frames that wait on one link before it counts as full. Default 1 MiB, at least 1 KiB. */
  readonly capacity?: number;
  /** How long in milliseconds nodes may keep the thread before other work of the process gets its turn. Default 8. */
  readonly slice?: number;
}

/**
 * All nodes in this thread. It needs nothing, starts at once, and is what tests and simulators of failures run on; the
 * nodes take turns, so it gives no speed.
 */
export function inProcess(options: InProcessOptions = {}): Transport {
  const capacity = options.capacity ?? 1024 * 1024;
  const slice = options.slice ?? 8;
  if (!(Number.isInteger(capacity) && capacity >= 1024)) {
    throw new TransportError(
      'ERR_TROUPE_TRANSPORT_OPTION',
      `capacity is ${String(capacity)}: give a number of bytes, at least 1,024`,
      { value: capacity },
    );
  }
  if (!(slice >= 0 && slice <= 1000)) {
    throw new TransportError('ERR_TROUPE_TRANSPORT_OPTION', `slice is ${String(slice)}: give 0 to 1,000 ms`, {
      value: slice,
    });
  }
  return Object.freeze({
    name: 'in-process',
    async launch(launch: LaunchOptions): Promise<NodeGroup> {
      checkNodes(launch.nodes);
      const module = (await import(launch.program.href)) as { default?: unknown };
      if (typeof module.default !== 'function') throw programError(launch.program);
      return new InProcessGroup(launch, module.default as NodeProgram, capacity, slice);
    },
  });
}

class InProcessGroup implements NodeGroup {
  readonly size: number;
  readonly nodes: InProcessNode[] = [];
  readonly capacity: number;
  readonly slice: number;
  readonly #running: Promise<void>[] = [];
  readonly #early: NodeEvent[] = [];
  #listener: ((event: NodeEvent) => void) | undefined;
  #closed = false;

  constructor(launch: LaunchOptions, program: NodeProgram, capacity: number, slice: number) {
    this.size = launch.nodes;
    this.capacity = capacity;
    this.slice = slice;
    for (let id = 0; id < launch.nodes; id += 1) this.nodes.push(new InProcessNode(this, id, launch.data));
    for (const node of this.nodes) this.#running.push(this.#run(node, program));
  }

  async #run(node: InProcessNode, program: NodeProgram): Promise<void> {
    try {
      await program(node);
      if (node.gone === undefined) {
        node.gone = new TransportError('ERR_TROUPE_PEER_LOST', `node ${node.id} has ended`, {
          node: node.id,
        });
        this.emit({ type: 'ended', node: node.id });
      }
    } catch (error) {
      if (node.gone === undefined) {
        const reason = error instanceof Error ? error : new Error(String(error));
        node.gone = reason;
        if (!this.#closed) this.emit({ type: 'lost', node: node.id, error: reason });
      }
    }
    this.wakeAll();
  }

  emit(event: NodeEvent): void {
    if (this.#listener === undefined) this.#early.push(event);
    else this.#listener(event);
  }

  onEvent(listener: (event: NodeEvent) => void): void {
    this.#listener = listener;
    for (const event of this.#early.splice(0)) listener(event);
  }

  post(node: number, message: unknown): void {
    this.#at(node).control.push(message);
    this.#at(node).wake();
  }

  pulse(node: number): Float64Array {
    return this.#at(node).pulse;
  }

  async terminate(node: number, reason: Error): Promise<void> {
    const target = this.#at(node);
    if (target.gone !== undefined) return;
    target.gone = reason;
    this.emit({ type: 'lost', node, error: reason });
    this.wakeAll();
    await this.#running[node];
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const node of this.nodes) {
      node.gone ??= new TransportError('ERR_TROUPE_CLOSED', 'the group of nodes was closed', {
        node: node.id,
      });
    }
    this.wakeAll();
    await Promise.allSettled(this.#running);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  wakeAll(): void {
    for (const node of this.nodes) node.wake();
  }

  #at(node: number): InProcessNode {
    const found = this.nodes[node];
    if (found === undefined) throw unknownPeer(node, this.size);
    return found;
  }
}

/** What a waiting frame counts for: even an empty one takes memory. */
function cost(frame: Uint8Array): number {
  return frame.length + 64;
}

interface Parcel {
  readonly from: number;
  readonly bytes: Buffer;
}

class InProcessNode implements Node {
  readonly id: number;
  readonly size: number;
  readonly data: unknown;
  readonly trusted = true;
  readonly claimLimit = 64 * 1024;
  readonly pulse = new Float64Array(PULSE_CELLS);
  readonly control: unknown[] = [];
  /** Why this node does not answer any more. */
  gone: Error | undefined;

  readonly #group: InProcessGroup;
  /** Frames that have arrived, and how many bytes of each sender's are among them. */
  readonly #inbox: Parcel[] = [];
  #inboxStart = 0;
  readonly #queued: number[];
  readonly #space: (FrameSpace | undefined)[];
  readonly #frame: Frame = {
    bytes: Buffer.alloc(0),
    view: new DataView(new ArrayBuffer(0)),
    start: 0,
    end: 0,
  };
  readonly #wakers = new Set<() => void>();
  /** Peers whose links have refused a frame since the last arrival. */
  readonly #refused = new Set<InProcessNode>();
  /** What it gave to the last two exchanges: a peer may still be reading the one before. */
  readonly #given: [Float64Array, Float64Array] = [new Float64Array(0), new Float64Array(0)];
  #exchanged = 0;
  /** How many of its pushes wait for room. */
  #pushing = 0;
  #lastBreath = performance.now();

  constructor(group: InProcessGroup, id: number, data: unknown) {
    this.#group = group;
    this.id = id;
    this.size = group.size;
    this.data = data;
    this.#queued = new Array<number>(group.size).fill(0);
    this.#space = new Array<undefined>(group.size).fill(undefined);
  }

  claim(to: number, length: number): FrameSpace | undefined {
    const target = this.#peer(to);
    if (length > this.claimLimit) throw tooLarge(length, this.claimLimit);
    if (target.isFull(this.id)) {
      this.#refused.add(target);
      return undefined;
    }
    let space = this.#space[to];
    if (space === undefined) {
      const bytes = Buffer.allocUnsafeSlow(this.claimLimit);
      space = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) };
      this.#space[to] = space;
    }
    return space;
  }

  commit(to: number, length: number): void {
    const space = this.#space[to] as FrameSpace;
    this.#peer(to).deliver(this.id, space.bytes.subarray(0, length));
  }

  send(to: number, frame: Uint8Array): boolean {
    if (frame.length > FRAME_LIMIT) throw tooLarge(frame.length, FRAME_LIMIT);
    const target = this.#peer(to);
    if (target.isFull(this.id)) {
      this.#refused.add(target);
      return false;
    }
    target.deliver(this.id, frame);
    return true;
  }

  push(to: number, frame: Uint8Array): void | Promise<void> {
    if (this.send(to, frame)) return;
    return this.#pushLater(to, Buffer.from(frame));
  }

  async #pushLater(to: number, frame: Buffer): Promise<void> {
    this.#pushing += 1;
    // Those who push to this node can go on now.
    this.wake();
    try {
      while (!this.send(to, frame)) await this.#peer(to).#change();
    } finally {
      this.#pushing -= 1;
    }
  }

  receive(handler: FrameHandler, limit = Number.POSITIVE_INFINITY): number {
    this.#alive();
    let count = 0;
    try {
      while (count < limit && this.#inboxStart < this.#inbox.length) {
        count += 1;
        this.#hand(handler);
      }
    } finally {
      if (this.#inboxStart === this.#inbox.length) {
        this.#inbox.length = 0;
        this.#inboxStart = 0;
      }
      if (count > 0) this.wake();
    }
    return count;
  }

  #hand(handler: FrameHandler): void {
    const parcel = this.#inbox[this.#inboxStart] as Parcel;
    this.#inboxStart += 1;
    if (this.#inboxStart > 1024 && this.#inboxStart * 2 > this.#inbox.length) {
      this.#inbox.splice(0, this.#inboxStart);
      this.#inboxStart = 0;
    }
    this.#queued[parcel.from] = (this.#queued[parcel.from] as number) - cost(parcel.bytes);
    const frame = this.#frame;
    frame.bytes = parcel.bytes;
    frame.view = new DataView(parcel.bytes.buffer, parcel.bytes.byteOffset, parcel.bytes.length);
    frame.start = 0;
    frame.end = parcel.bytes.length;
    handler(parcel.from, frame);
  }

  async wait(timeout: number): Promise<boolean> {
    this.#alive();
    return this.#hasWork() || this.#changeOf([this], timeout);
  }

  async arrival(timeout: number): Promise<boolean> {
    const until = performance.now() + timeout;
    const breath = this.breathe();
    if (breath !== undefined) await breath;
    for (;;) {
      this.#alive();
      if (this.#hasWork() || this.#hasRoom()) return true;
      const left = until - performance.now();
      if (left <= 0) return false;
      await this.#changeOf([this, ...this.#refused], left);
    }
  }

  #hasWork(): boolean {
    return this.#inbox.length > 0 || this.control.length > 0;
  }

  /** Whether a link that was full is no longer; each such link is told of once. */
  #hasRoom(): boolean {
    let found = false;
    for (const peer of this.#refused) {
      if (peer.gone === undefined && peer.isFull(this.id)) continue;
      this.#refused.delete(peer);
      found = true;
    }
    return found;
  }

  /** Resolves with true when something changes at one of `nodes`, with false after `timeout` milliseconds. */
  #changeOf(nodes: readonly InProcessNode[], timeout: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (changed: boolean): void => {
        clearTimeout(timer);
        for (const node of nodes) node.#wakers.delete(wake);
        resolve(changed);
      };
      const wake = (): void => settle(true);
      const timer = setTimeout(settle, Math.min(timeout, LONGEST_TIMER), false);
      for (const node of nodes) node.#wakers.add(wake);
    });
  }

  exchange(values: Float64Array): Float64Array | Promise<Float64Array> {
    this.#alive();
    if (values.length > EXCHANGE_WIDTH) throw exchangeWidth(values.length);
    if (this.size === 1) return values;
    this.#exchanged += 1;
    this.#given[this.#exchanged & 1] = values.slice();
    this.#group.wakeAll();
    return this.#meet(values.length);
  }

  async #meet(width: number): Promise<Float64Array> {
    const round = this.#exchanged;
    const peers = this.#group.nodes;
    const result = new Float64Array(width * this.size);
    for (const peer of peers) {
      while (peer.#exchanged < round) {
        if (peer.gone !== undefined) throw peerLost(peer.id, peer.gone);
        await peer.#change();
        this.#alive();
      }
      const values = peer.#given[round & 1] as Float64Array;
      if (values.length !== width) throw exchangeWidth(values.length);
      result.set(values, peer.id * width);
    }
    return result;
  }

  breathe(): Promise<void> | undefined {
    const now = performance.now();
    if (now - this.#lastBreath < this.#group.slice) return undefined;
    return new Promise((resolve) => {
      setImmediate(() => {
        this.#lastBreath = performance.now();
        resolve();
      });
    });
  }

  post(message: unknown): void {
    if (this.gone === undefined) this.#group.emit({ type: 'message', node: this.id, message });
  }

  takeMessage(): unknown {
    this.#alive();
    return this.control.length > 0 ? this.control.shift() : undefined;
  }

  async nextMessage(): Promise<unknown> {
    for (;;) {
      this.#alive();
      if (this.control.length > 0) return this.control.shift();
      await this.#change();
    }
  }

  /** A node that waits in an exchange or a push takes in whatever comes, so that its peers can go on too. */
  isFull(from: number): boolean {
    if ((this.#queued[from] as number) < this.#group.capacity) return false;
    return this.#pushing === 0 && !this.#waitsForOthers();
  }

  deliver(from: number, frame: Uint8Array): void {
    this.#inbox.push({ from, bytes: Buffer.from(frame) });
    this.#queued[from] = (this.#queued[from] as number) + cost(frame);
    this.wake();
  }

  /** Resolves the waits of everyone who waits for something to change here. */
  wake(): void {
    if (this.#wakers.size === 0) return;
    const wakers = [...this.#wakers];
    this.#wakers.clear();
    for (const waker of wakers) waker();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakers.add(resolve);
    });
  }

  #waitsForOthers(): boolean {
    return this.#group.nodes.some((peer) => peer.#exchanged < this.#exchanged);
  }

  #alive(): void {
    if (this.gone !== undefined) throw this.gone;
  }

  #peer(to: number): InProcessNode {
    this.#alive();
    const peer = this.#group.nodes[to];
    if (peer === undefined || to === this.id) throw unknownPeer(to, this.size);
    if (peer.gone !== undefined) throw peerLost(to, peer.gone);
    return peer;
  }
}

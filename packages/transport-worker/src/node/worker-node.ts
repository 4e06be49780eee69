import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { type Doorbell, RING_FULL, type RingBuffer } from '@troupe/shm';
import {
  EXCHANGE_WIDTH,
  exchangeWidth,
  FRAME_LIMIT,
  type Frame,
  type FrameHandler,
  type FrameSpace,
  type Node,
  peerLost,
  TransportError,
  tooLarge,
  unknownPeer,
} from '@troupe/transport';
import type { WorkerData, WorkerMessage } from '../protocol.ts';
import {
  SharedBlock,
  WORD_CONTROL,
  WORD_EXCHANGE,
  WORD_GONE,
  WORD_HUNGRY,
  WORD_STARVED,
} from '../shared-block.ts';

/** Tag of a record in a ring: the frame itself, or a sign that it lies on the port. */
const FRAME = 0;
const BULKY = 1;

/** Most frames per link that may lie on the port. */
const BULKY_LIMIT = 4;

/** Longest sleep in milliseconds: a thread that sleeps on for ever could not be told apart from one that is stuck. */
const SLEEP = 1000;

/** Longest timeout in milliseconds of an arrival. */
const LONGEST_ARRIVAL = 2 ** 31 - 1;

/** A sleep of fewer milliseconds was hardly more than its own wake-up. */
const SHORT_SLEEP = 0.2;

/** How long in milliseconds a program may keep the thread to itself. */
const BREATH = 100;

interface Peer {
  readonly words: Int32Array;
  readonly doorbell: Doorbell;
  /** Undefined for the node itself. */
  readonly out: RingBuffer | undefined;
  readonly in: RingBuffer | undefined;
  readonly port: MessagePort | undefined;
  readonly given: readonly [Float64Array, Float64Array];
}

/** A frame that was taken out of its ring before anyone asked for it. */
interface Taken {
  readonly from: number;
  readonly bytes: Buffer;
}

/** A node on a worker thread: frames through rings in shared memory, and a collective that blocks the thread. */
export class WorkerNode implements Node {
  readonly id: number;
  readonly size: number;
  readonly data: unknown;
  readonly trusted = true;
  readonly claimLimit: number;
  readonly pulse: Float64Array;

  readonly #host: MessagePort;
  readonly #peers: Peer[] = [];
  readonly #words: Int32Array;
  readonly #doorbell: Doorbell;
  readonly #given: readonly [Float64Array, Float64Array];
  readonly #bulky: Int32Array;
  readonly #spins: number;
  /** How often to look before sleeping, by what waiting has been like: up to `#spins`. */
  #patience: number;
  readonly #idle: { readonly spins: number };
  readonly #result: Float64Array;
  #exchange = 0;
  readonly #taken: Taken[] = [];
  readonly #frame: Frame = {
    bytes: Buffer.alloc(0),
    view: new DataView(new ArrayBuffer(0)),
    start: 0,
    end: 0,
  };
  readonly #control: unknown[] = [];
  #controlSeen = 0;
  #waiting: ((message: unknown) => void) | undefined;
  #handler: FrameHandler | undefined;
  #reading = 0;
  /** Links that have refused a frame since the last arrival, by peer: how long it was. */
  readonly #refused = new Map<number, number>();
  #arrivals = 0;
  #lastBreath = performance.now();

  constructor(data: WorkerData, host: MessagePort) {
    const block = SharedBlock.attach(data.buffer, data.nodes, data.ringBytes);
    this.id = data.id;
    this.size = data.nodes;
    this.data = data.data;
    this.#host = host;
    this.#words = block.words(data.id);
    this.#doorbell = block.doorbell(data.id);
    this.#given = [block.given(data.id, 0), block.given(data.id, 1)];
    this.#bulky = block.bulky();
    this.#spins = data.spins;
    this.#patience = data.spins;
    this.#idle = { spins: Math.min(data.spins, 100) };
    this.#result = new Float64Array(EXCHANGE_WIDTH * data.nodes);
    this.pulse = block.pulse(data.id);
    for (let peer = 0; peer < data.nodes; peer += 1) {
      const self = peer === data.id;
      this.#peers.push({
        words: block.words(peer),
        doorbell: block.doorbell(peer),
        out: self ? undefined : block.ring(data.id, peer),
        in: self ? undefined : block.ring(peer, data.id),
        port: data.ports[peer],
        given: [block.given(peer, 0), block.given(peer, 1)],
      });
    }
    this.claimLimit =
      this.#peers.find((peer) => peer.out !== undefined)?.out?.maxRecord ?? data.ringBytes / 2 - 8;
    // The listener holds the thread alive while the program waits for the host.
    host.on('message', (message: unknown) => {
      this.#controlSeen += 1;
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting === undefined) this.#control.push(message);
      else waiting(message);
    });
  }

  claim(to: number, length: number): FrameSpace | undefined {
    const ring = this.#ringTo(to);
    if (length > this.claimLimit) throw tooLarge(length, this.claimLimit);
    const at = ring.claim(length);
    if (at === RING_FULL) {
      this.#refused.set(to, length);
      return undefined;
    }
    return {
      bytes: ring.bytes.subarray(at, at + length),
      view: new DataView(ring.bytes.buffer, ring.bytes.byteOffset + at, length),
    };
  }

  commit(to: number, length: number): void {
    this.#ringTo(to).commit(length, FRAME);
    this.#feed(to);
  }

  send(to: number, frame: Uint8Array): boolean {
    const ring = this.#ringTo(to);
    const isSent =
      frame.length <= ring.maxRecord ? ring.write(frame, FRAME) : this.#sendBulky(to, ring, frame);
    if (isSent) this.#feed(to);
    else this.#refused.set(to, frame.length);
    return isSent;
  }

  push(to: number, frame: Uint8Array): void {
    while (!this.send(to, frame)) {
      const seen = this.#doorbell.sequence;
      const peer = this.#peers[to] as Peer;
      Atomics.store(peer.words, WORD_STARVED, 1);
      peer.doorbell.ring();
      // Who waits must not make others wait: the peer may be pushing to us.
      this.#takeIn();
      if (this.send(to, frame)) return;
      if (Atomics.load(peer.words, WORD_GONE) !== 0) throw peerLost(to);
      this.#doorbell.waitSync(seen, SLEEP, this.#idle);
    }
  }

  receive(handler: FrameHandler, limit: number = Number.POSITIVE_INFINITY): number {
    let count = 0;
    while (this.#taken.length > 0 && count < limit) {
      const { from, bytes } = this.#taken.shift() as Taken;
      count += 1;
      this.#hand(handler, from, bytes);
    }
    for (let from = 0; from < this.size && count < limit; from += 1) {
      const ring = (this.#peers[from] as Peer).in;
      if (ring === undefined) continue;
      this.#handler = handler;
      this.#reading = from;
      count += ring.read(this.#onRecord, limit - count);
    }
    if (Atomics.load(this.#words, WORD_STARVED) !== 0) this.#relieve();
    return count;
  }

  wait(timeout: number): boolean {
    const until = performance.now() + timeout;
    for (;;) {
      const seen = this.#doorbell.sequence;
      Atomics.store(this.#words, WORD_HUNGRY, 1);
      if (this.#hasWork()) break;
      const left = until - performance.now();
      if (left <= 0) {
        this.#sated();
        return false;
      }
      this.#doorbell.waitSync(seen, Math.min(left, SLEEP), this.#idle);
    }
    this.#sated();
    return true;
  }

  async arrival(timeout: number): Promise<boolean> {
    const until = performance.now() + Math.min(timeout, LONGEST_ARRIVAL);
    const breath = this.breathe();
    if (breath !== undefined) await breath;
    this.#arrivals += 1;
    try {
      for (let turn = 0; ; turn += 1) {
        const seen = this.#doorbell.sequence;
        Atomics.store(this.#words, WORD_HUNGRY, 1);
        for (const to of this.#refused.keys()) this.#askForRoom(to, turn === 0);
        if (this.#hasWork() || this.#hasRoom()) return true;
        const left = until - performance.now();
        if (left <= 0) return false;
        await this.#doorbell.wait(seen, left);
      }
    } finally {
      this.#arrivals -= 1;
      this.#sated();
    }
  }

  exchange(values: Float64Array): Float64Array {
    const width = values.length;
    if (width > EXCHANGE_WIDTH) throw exchangeWidth(width);
    this.#exchange = (this.#exchange + 1) | 0;
    const round = this.#exchange;
    const parity = round & 1;
    const given = this.#given[parity] as Float64Array;
    given.set(values);
    given[EXCHANGE_WIDTH] = width;
    Atomics.store(this.#words, WORD_EXCHANGE, round);
    for (let peer = 0; peer < this.size; peer += 1) {
      if (peer !== this.id) (this.#peers[peer] as Peer).doorbell.ring();
    }
    for (let peer = 0; peer < this.size; peer += 1) if (peer !== this.id) this.#meet(peer, round);
    const result =
      this.#result.length === width * this.size ? this.#result : this.#result.subarray(0, width * this.size);
    for (let peer = 0; peer < this.size; peer += 1) {
      const theirs = (this.#peers[peer] as Peer).given[parity] as Float64Array;
      if (theirs[EXCHANGE_WIDTH] !== width) throw exchangeWidth(theirs[EXCHANGE_WIDTH] as number);
      for (let cell = 0; cell < width; cell += 1) result[peer * width + cell] = theirs[cell] as number;
    }
    return result;
  }

  breathe(): Promise<void> | undefined {
    // Timers and errors outside of the program get a turn now and then; nothing else needs this thread.
    const now = performance.now();
    if (now - this.#lastBreath < BREATH) return undefined;
    return new Promise((resolve) => {
      setImmediate(() => {
        this.#lastBreath = performance.now();
        resolve();
      });
    });
  }

  post(message: unknown): void {
    const envelope: WorkerMessage = { type: 'post', message };
    try {
      this.#host.postMessage(envelope);
    } catch (cause) {
      throw new TransportError(
        'ERR_TROUPE_CONTROL_NOT_CLONEABLE',
        `a message of node ${this.id} to its host cannot be cloned: ${(cause as Error).message}; send plain data`,
        { node: this.id, cause },
      );
    }
  }

  takeMessage(): unknown {
    if (this.#control.length > 0) return this.#control.shift();
    if (Atomics.load(this.#words, WORD_CONTROL) === this.#controlSeen) return undefined;
    const received = receiveMessageOnPort(this.#host);
    if (received === undefined) return undefined;
    this.#controlSeen += 1;
    return received.message;
  }

  async nextMessage(): Promise<unknown> {
    const message = this.takeMessage();
    if (message !== undefined) return message;
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** Releases what holds the thread. */
  end(): void {
    this.#host.removeAllListeners('message');
    this.#host.unref();
    for (const peer of this.#peers) peer.port?.close();
  }

  #ringTo(to: number): RingBuffer {
    const peer = this.#peers[to];
    if (peer?.out === undefined) throw unknownPeer(to, this.size);
    if (Atomics.load(peer.words, WORD_GONE) !== 0) throw peerLost(to);
    return peer.out;
  }

  /** It no longer sleeps until a frame comes, unless an arrival still does. */
  #sated(): void {
    if (this.#arrivals === 0) Atomics.store(this.#words, WORD_HUNGRY, 0);
  }

  /** Lets a peer whose link is full ring when it has read next; wakes it where it may be at a barrier. */
  #askForRoom(to: number, wake: boolean): void {
    const peer = this.#peers[to] as Peer;
    Atomics.store(peer.words, WORD_STARVED, 1);
    if (wake) peer.doorbell.ring();
  }

  /** Whether a frame that was refused would not be now, or its peer is gone; each such link is told of once. */
  #hasRoom(): boolean {
    let found = false;
    for (const [to, length] of this.#refused) {
      const peer = this.#peers[to] as Peer;
      if (!this.#fits(to, length) && Atomics.load(peer.words, WORD_GONE) === 0) continue;
      this.#refused.delete(to);
      found = true;
    }
    return found;
  }

  #fits(to: number, length: number): boolean {
    const ring = (this.#peers[to] as Peer).out as RingBuffer;
    if (length <= ring.maxRecord) return ring.hasRoom(length);
    return Atomics.load(this.#bulky, this.id * this.size + to) < BULKY_LIMIT && ring.hasRoom(0);
  }

  /** Wakes a peer that sleeps until a frame comes; one that works or waits at a barrier is left alone. */
  #feed(to: number): void {
    const peer = this.#peers[to] as Peer;
    if (Atomics.load(peer.words, WORD_HUNGRY) !== 0) peer.doorbell.ring();
  }

  /** A frame that no ring holds goes over the port; a record in the ring keeps its place in the order. */
  #sendBulky(to: number, ring: RingBuffer, frame: Uint8Array): boolean {
    if (frame.length > FRAME_LIMIT) throw tooLarge(frame.length, FRAME_LIMIT);
    const pair = this.id * this.size + to;
    if (Atomics.load(this.#bulky, pair) >= BULKY_LIMIT || ring.claim(0) === RING_FULL) return false;
    Atomics.add(this.#bulky, pair, 1);
    const copy = new Uint8Array(frame);
    (this.#peers[to] as Peer).port?.postMessage(copy, [copy.buffer]);
    ring.commit(0, BULKY);
    return true;
  }

  #takeBulky(from: number): Buffer {
    const received = receiveMessageOnPort((this.#peers[from] as Peer).port as MessagePort);
    if (received === undefined) {
      throw new TransportError('ERR_TROUPE_FRAME_CORRUPT', `a bulky frame of node ${from} did not arrive`, {
        node: from,
      });
    }
    Atomics.sub(this.#bulky, from * this.size + this.id, 1);
    const bytes = received.message as Uint8Array;
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  readonly #onRecord = (bytes: Buffer, view: DataView, start: number, end: number, tag: number): void => {
    const handler = this.#handler as FrameHandler;
    if (tag === BULKY) {
      this.#hand(handler, this.#reading, this.#takeBulky(this.#reading));
      return;
    }
    const frame = this.#frame;
    frame.bytes = bytes;
    frame.view = view;
    frame.start = start;
    frame.end = end;
    handler(this.#reading, frame);
  };

  #hand(handler: FrameHandler, from: number, bytes: Buffer): void {
    const frame = this.#frame;
    frame.bytes = bytes;
    frame.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    frame.start = 0;
    frame.end = bytes.length;
    handler(from, frame);
  }

  /** Empties the rings into memory of this thread, so that those who wait for room can go on. */
  #takeIn(): void {
    for (let from = 0; from < this.size; from += 1) {
      const ring = (this.#peers[from] as Peer).in;
      ring?.read((bytes, _view, start, end, tag) => {
        const copy = tag === BULKY ? this.#takeBulky(from) : Buffer.from(bytes.subarray(start, end));
        this.#taken.push({ from, bytes: copy });
      });
    }
    this.#relieve();
  }

  #relieve(): void {
    Atomics.store(this.#words, WORD_STARVED, 0);
    for (let peer = 0; peer < this.size; peer += 1) {
      if (peer !== this.id) (this.#peers[peer] as Peer).doorbell.ring();
    }
  }

  #hasWork(): boolean {
    if (this.#taken.length > 0 || this.#control.length > 0) return true;
    if (Atomics.load(this.#words, WORD_CONTROL) !== this.#controlSeen) return true;
    for (const peer of this.#peers) {
      if (peer.in !== undefined && peer.in.pending > 0) return true;
    }
    return false;
  }

  /** Waits until `peer` has entered the exchange of this number. */
  #meet(peer: number, round: number): void {
    const { words } = this.#peers[peer] as Peer;
    for (let spin = this.#patience; spin > 0; spin -= 1) {
      if (((Atomics.load(words, WORD_EXCHANGE) - round) | 0) >= 0) return;
    }
    const since = performance.now();
    for (;;) {
      const seen = this.#doorbell.sequence;
      if (((Atomics.load(words, WORD_EXCHANGE) - round) | 0) >= 0) break;
      if (Atomics.load(words, WORD_GONE) !== 0) throw peerLost(peer);
      if (Atomics.load(this.#words, WORD_STARVED) !== 0) {
        this.#takeIn();
        continue;
      }
      this.#doorbell.waitSync(seen, SLEEP, NO_SPIN);
    }
    this.#learn(performance.now() - since);
  }

  /**
   * A short sleep would have been spared by looking longer, since most of it is the wake-up; a long one, of a peer that
   * has much to do or no core of its own, would not: then looking only takes time from others.
   */
  #learn(slept: number): void {
    if (slept < SHORT_SLEEP) this.#patience = Math.min(this.#spins, this.#patience * 2 + 100);
    else this.#patience = Math.max(Math.min(this.#spins, 100), this.#patience >> 1);
  }
}

const NO_SPIN = { spins: 0 };

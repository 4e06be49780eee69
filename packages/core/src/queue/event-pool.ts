/**
 * Records of pending messages, in flat memory: the garbage collector sees a few buffers, however many are pending.
 *
 * ```text
 *  due     Float64Array   when it is due       kept apart, since the queue moves these
 *  next    Int32Array     link to another slot and these and nothing else
 *  rounds  Int32Array     the round in which it was sent: written always, read only to order ties
 *
 *  a record of `stride` bytes: 32, or a multiple of 64, so that none lies in more lines of the cache than it must
 *   0        8          12       16      20      22      24
 *  +--------+----------+--------+-------+-------+-------+- - - - - - - -+
 *  | sentAt | receiver | sender | count | topic | flags | body, if laid |
 *  | f64    | i32      | i32    | i32   | u16   | u16   | out; else in  |
 *  +--------+----------+--------+-------+-------+-------+ `bodies[slot]`|
 * ```
 *
 * `receiver` and `sender` are indexes of the agent table, `count` is the sender's own, modulo 2^32.
 */
export const RECORD_BYTES = 24;

/** Of the record's words of 32 bits. */
export const RECEIVER = 2;
export const SENDER = 3;
export const COUNT = 4;

/** Of the record's halves of such words. */
export const TOPIC = 10;
export const FLAGS = 11;

/** Set by an alarm: it can be listed and cancelled. */
export const ALARM = 1;
/** It does not keep a run alive. */
export const UNREF = 2;
/** Cancelled: it stays where it is until the queue comes by. */
export const CANCELLED = 4;
/** To whoever is subscribed when it is due. */
export const BROADCAST = 8;
/** An act on the world rather than a message to an agent. */
export const COMMAND = 16;
/** A copy for a subscriber: `bodies[slot]` holds the addressee beside the body. */
export const COPY = 32;
/** The body is in its declared layout: in the record, or, if longer than that allows, in a buffer in `bodies[slot]` ({@link HELD}). */
export const LAID_OUT = 64;
/** Subscribers are passed over. */
export const DIRECT = 128;
/** Stands here for an alarm that is pending in another cluster, so that its setter can list and cancel it. */
export const SHADOW = 256;
/** Sent during setup: subscribers are looked up when all of setup is done. */
export const IN_SETUP = 512;
/** There is something in `bodies[slot]`. */
export const HELD = 1024;

/** No slot. */
export const NONE = -1;

/** Bytes of a laid out body that a record holds itself; longer ones are kept as buffers of their own. */
export const INLINE_LIMIT = 160;

const START_CAPACITY = 64;

export class EventPool {
  due: Float64Array;
  next: Int32Array;
  rounds: Int32Array;
  /** Records as halves of words, words, doubles, bytes: the same memory. Look again after {@link take}: it may have grown. */
  halves: Uint16Array;
  words: Int32Array;
  doubles: Float64Array;
  bytes: Buffer;
  view: DataView;
  /** Bodies that are objects. */
  readonly bodies: unknown[] = [];
  /** Bytes, halves of words, words and doubles of a record. */
  readonly stride: number;
  readonly halfStride: number;
  readonly wordStride: number;
  readonly doubleStride: number;
  /** How many slots are in use. */
  size = 0;

  #free = NONE;
  #capacity: number;

  /** @param inline bytes of the longest body that is kept in the record */
  constructor(inline: number) {
    const bytes = RECORD_BYTES + inline;
    this.stride = bytes <= 32 ? 32 : (bytes + 63) & -64;
    this.halfStride = this.stride >> 1;
    this.wordStride = this.stride >> 2;
    this.doubleStride = this.stride >> 3;
    this.#capacity = START_CAPACITY;
    const memory = new ArrayBuffer(START_CAPACITY * this.stride);
    this.due = new Float64Array(START_CAPACITY);
    this.next = new Int32Array(START_CAPACITY);
    this.rounds = new Int32Array(START_CAPACITY);
    this.halves = new Uint16Array(memory);
    this.words = new Int32Array(memory);
    this.doubles = new Float64Array(memory);
    this.bytes = Buffer.from(memory);
    this.view = new DataView(memory);
    for (let slot = 0; slot < START_CAPACITY; slot += 1) this.bodies.push(undefined);
    this.#thread(0);
  }

  /** A free slot; what it holds is of its last use. */
  take(): number {
    if (this.#free === NONE) this.#grow();
    const slot = this.#free;
    this.#free = this.next[slot] as number;
    this.size += 1;
    return slot;
  }

  /** Gives a slot back. */
  release(slot: number): void {
    // Looked at only where there is something: bodies that are laid out lie in the record.
    if ((this.flagsOf(slot) & HELD) !== 0) this.bodies[slot] = undefined;
    this.next[slot] = this.#free;
    this.#free = slot;
    this.size -= 1;
  }

  flagsOf(slot: number): number {
    return this.halves[slot * this.halfStride + FLAGS] as number;
  }

  setFlags(slot: number, flags: number): void {
    this.halves[slot * this.halfStride + FLAGS] = flags;
  }

  topicOf(slot: number): number {
    return this.halves[slot * this.halfStride + TOPIC] as number;
  }

  sentAtOf(slot: number): number {
    return this.doubles[slot * this.doubleStride] as number;
  }

  /** Keeps a body that is an object, until the slot is given back. */
  hold(slot: number, body: unknown): void {
    this.bodies[slot] = body;
    this.setFlags(slot, this.flagsOf(slot) | HELD);
  }

  /** Whether `slot` may be in use; a slot out of range is not. */
  holds(slot: number): boolean {
    return slot >= 0 && slot < this.#capacity;
  }

  #grow(): void {
    const old = this.#capacity;
    const capacity = old * 2;
    const memory = new ArrayBuffer(capacity * this.stride);
    const words = new Int32Array(memory);
    words.set(this.words);
    this.words = words;
    this.halves = new Uint16Array(memory);
    this.doubles = new Float64Array(memory);
    this.bytes = Buffer.from(memory);
    this.view = new DataView(memory);
    const due = new Float64Array(capacity);
    due.set(this.due);
    this.due = due;
    const next = new Int32Array(capacity);
    next.set(this.next);
    this.next = next;
    const rounds = new Int32Array(capacity);
    rounds.set(this.rounds);
    this.rounds = rounds;
    for (let slot = old; slot < capacity; slot += 1) this.bodies.push(undefined);
    this.#capacity = capacity;
    this.#thread(old);
  }

  /** Chains the slots from `first` on into the free list. */
  #thread(first: number): void {
    for (let slot = this.#capacity - 1; slot >= first; slot -= 1) {
      this.next[slot] = this.#free;
      this.setFlags(slot, 0);
      this.#free = slot;
    }
  }
}

import { layout } from '@troupe/core';
import { FRAME_TAG_BYTES, type Frame, type Node } from '@troupe/transport';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AgentTable } from '../src/agent-table.ts';
import { LiveLinks } from '../src/live/links.ts';
import type { Parcel } from '../src/live/parcels.ts';
import { Topics } from '../src/topics.ts';

/** The end of a link: what is written on one side is read on the other, when the test says so. */
class End {
  readonly frames: Buffer[] = [];
  readonly heard: Parcel[] = [];
  readonly table = new AgentTable(() => 0);
  readonly links: LiveLinks;
  isFull = false;
  readonly #peer: number;

  constructor(id: number) {
    this.#peer = 1 - id;
    const node = {
      id,
      size: 2,
      trusted: true,
      claimLimit: 65_536,
      claim: () => undefined,
      send: (_to: number, frame: Uint8Array) => {
        if (!this.isFull) this.frames.push(Buffer.from(frame));
        return !this.isFull;
      },
    } as unknown as Node;
    const topics = new Topics({ laid: layout({ x: 'f64', name: 'string(20)' }), bare: layout('i32') });
    this.links = new LiveLinks(node, this.table, topics, (parcel) => this.heard.push(parcel));
  }

  /** Reads all that the other end has sent. */
  read(other: End): void {
    for (const bytes of other.frames.splice(0)) this.links.read(this.#peer, asFrame(bytes));
  }
}

function asFrame(bytes: Buffer): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return { bytes, view, start: 0, end: bytes.length };
}

/** Objects as agents send them. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;

const id = fc.oneof(fc.constantFrom('a', 'b', 'a long id', 'ä', 0, -1, 2 ** 40), fc.constantFrom('1', 1));
const body = fc.oneof(
  fc.constant(undefined),
  fc.constant(null),
  fc.double(),
  fc.string(),
  record({ a: fc.integer(), b: fc.array(fc.string()) }),
);
const time = fc.double({ min: 0, max: 1e9, noNaN: true });

const parcel: fc.Arbitrary<Parcel> = fc.oneof(
  fc
    .record({ from: id, receiver: id, topic: fc.constantFrom('say', 'tell'), body, sentAt: time })
    .map((message) => ({
      ...message,
      kind: 'message' as const,
      to: message.receiver,
    })),
  record({
    kind: fc.constant('message' as const),
    from: fc.oneof(id, fc.constant('@outside')),
    receiver: id,
    to: fc.option(id, { nil: undefined }),
    topic: fc.constantFrom('say', 'bare'),
    body: fc.integer({ min: -100, max: 100 }),
    sentAt: time,
  }),
  record({
    kind: fc.constant('message' as const),
    from: id,
    receiver: fc.constant(undefined),
    to: fc.constant(undefined),
    topic: fc.constant('laid'),
    body: record({ x: fc.double({ noNaN: true }), name: fc.string({ maxLength: 5 }) }),
    sentAt: time,
  }),
  record({
    kind: fc.constant('command' as const),
    from: id,
    command: fc.oneof(
      record({ kind: fc.constant('subscribe' as const), subscription: fc.constant({ topic: 'say' }) }),
      record({ kind: fc.constant('unsubscribe' as const), subscription: fc.constant(null) }),
      record({ kind: fc.constant('add' as const), agentClass: fc.nat(3), id, args: fc.array(body) }),
      record({ kind: fc.constant('remove' as const), id }),
    ),
  }),
  record({
    kind: fc.constant('outside' as const),
    ticket: fc.nat(),
    to: id,
    topic: fc.string(),
    body,
    sentAt: time,
  }),
  record({ kind: fc.constantFrom('hold' as const, 'release' as const), sender: id, receiver: id }),
  record({ kind: fc.constant('refused' as const), sender: id, receiver: id, topic: fc.string() }),
  record({ kind: fc.constant('arrived' as const), sender: id, count: fc.nat(2 ** 31 - 1) }),
  record({ kind: fc.constant('ready' as const) }),
  record({
    kind: fc.constant('probe' as const),
    probe: fc.oneof(
      record({ kind: fc.constant('again' as const), initiator: id }),
      record({
        kind: fc.constant('search' as const),
        path: fc.array(record({ id, wait: fc.nat() }), { minLength: 1 }),
        number: fc.nat(),
        asked: id,
      }),
    ),
  }),
);

describe('the links between live clusters', () => {
  test('tell everything as it was said, in order, with names said once', () => {
    fc.assert(
      fc.property(fc.array(parcel, { maxLength: 30 }), fc.infiniteStream(fc.boolean()), (parcels, turns) => {
        const [here, there] = [new End(0), new End(1)];
        for (const said of parcels) {
          here.links.carry(1, said);
          here.isFull = turns.next().value;
          here.links.offer(() => {});
          if (turns.next().value) there.read(here);
        }
        here.isFull = false;
        let room = -1;
        here.links.offer((cluster) => {
          room = cluster;
        });
        there.read(here);
        expect(room).toBe(1);
        expect(there.heard).toEqual(parcels);
      }),
      { numRuns: 500 },
    );
  });

  test('forget names that nobody needs, and give their numbers to others', () => {
    const [here, there] = [new End(0), new End(1)];
    const say = (from: string): void => here.links.carry(1, { kind: 'hold', sender: from, receiver: from });
    for (let round = 0; round < 5; round += 1) {
      say(`a${round}`);
      say(`b${round}`);
      const inUse = new Uint8Array(here.table.length);
      const unused = here.table.unused(inUse);
      here.links.forget(unused);
      here.links.mark(inUse);
      here.table.sweep(inUse);
      here.links.offer(() => {});
      there.read(here);
    }
    expect(there.heard.map((parcel) => 'sender' in parcel && parcel.sender)).toEqual(
      [0, 1, 2, 3, 4].flatMap((round) => [`a${round}`, `b${round}`]),
    );
    const inUse = new Uint8Array(there.table.length);
    there.links.mark(inUse);
    expect(inUse.every((used) => used === 0)).toBe(true);
  });

  test('are full while much is kept for them', () => {
    const here = new End(0);
    here.isFull = true;
    const message = (cargo: string): Parcel => ({
      kind: 'message',
      from: 'a',
      receiver: 'b',
      to: 'b',
      topic: 'say',
      body: cargo,
      sentAt: 0,
    });
    expect(here.links.isFull(1)).toBe(false);
    for (let count = 0; count < 10; count += 1) {
      here.links.carry(1, message('x'.repeat(60_000)));
      here.links.offer(() => expect.fail('there is no room'));
    }
    expect(here.links.isFull(1)).toBe(true);
    here.isFull = false;
    here.links.offer(() => {});
    expect(here.links.isFull(1)).toBe(false);
  });

  test('refuse frames that cannot be read', () => {
    const refused = expect.objectContaining({ code: 'ERR_TROUPE_FRAME_CORRUPT', node: 1 });
    const said: Parcel[] = [
      { kind: 'hold', sender: 'a', receiver: 'b' },
      { kind: 'message', from: 'a', receiver: 'b', to: 'b', topic: 'bare', body: 1, sentAt: 0 },
      { kind: 'message', from: 'a', receiver: 'b', to: 'b', topic: 'say', body: 'x', sentAt: 0 },
    ];
    const there = new End(1);
    for (const parcel of said) there.links.carry(0, parcel);
    there.links.offer(() => {});
    const whole = there.frames[0] as Buffer;
    expect(() => new End(0).links.read(1, asFrame(Buffer.alloc(FRAME_TAG_BYTES - 1)))).toThrow(refused);
    expect(() => new End(0).links.read(1, asFrame(whole))).not.toThrow();
    // Without the records that introduce them, names mean nothing.
    const records: Buffer[] = [];
    for (let at = FRAME_TAG_BYTES; at < whole.length; at += (whole.readUInt32LE(at) + 7) & -8) {
      records.push(whole.subarray(at, (at + whole.readUInt32LE(at) + 7) & -8));
    }
    for (const record of records.filter(
      (bytes) => bytes.readUInt16LE(4) === 1 || bytes.readUInt16LE(4) === 18,
    )) {
      expect(() =>
        new End(0).links.read(1, asFrame(Buffer.concat([Buffer.alloc(FRAME_TAG_BYTES), record]))),
      ).toThrow(refused);
    }
    // A kind that there is not; a length beyond the end; a layout of a topic that has none.
    const changed = (change: (bytes: Buffer) => void): Frame => {
      const bytes = Buffer.from(whole);
      change(bytes);
      return asFrame(bytes);
    };
    const kindOf = (wanted: number): number => {
      let at = FRAME_TAG_BYTES;
      while (whole.readUInt16LE(at + 4) !== wanted) at += (whole.readUInt32LE(at) + 7) & -8;
      return at;
    };
    expect(() =>
      new End(0).links.read(
        1,
        changed((b) => void b.writeUInt16LE(99, kindOf(18) + 4)),
      ),
    ).toThrow(refused);
    expect(() =>
      new End(0).links.read(
        1,
        changed((b) => void b.writeUInt32LE(1e6, kindOf(18))),
      ),
    ).toThrow(refused);
    expect(() =>
      new End(0).links.read(
        1,
        changed((b) => void b.writeUInt32LE(16, kindOf(1))),
      ),
    ).toThrow(refused);
    const last = whole.lastIndexOf(records.at(-1) as Buffer);
    expect(() =>
      new End(0).links.read(
        1,
        changed((b) => void b.writeUInt16LE(1, last + 26)),
      ),
    ).toThrow(refused);
    // Not even a record's header is left.
    expect(() => new End(0).links.read(1, asFrame(Buffer.concat([whole, Buffer.alloc(8)])))).toThrow(refused);
  });
});

import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodyCodec, CodecStream, FRAME_LIMIT, FRAME_TAG_BYTES, FrameWriter } from '../src/index.ts';
import { body } from './fixtures/bodies.ts';
import { ScriptedLink } from './fixtures/scripted-link.ts';

const HEADER = 8;

/** Writes a record of so many bytes: its length, its number, and a pattern. */
function write(writer: FrameWriter, number: number, length: number): void {
  const at = writer.open(length);
  expect(at % 8).toBe(0);
  expect(writer.bytes.length).toBeGreaterThanOrEqual(at + length);
  writer.view.setUint32(at, length, true);
  writer.view.setUint32(at + 4, number, true);
  writer.bytes.fill(number, at + HEADER, at + length);
  writer.close(at + length);
}

/** The numbers of the records in a frame, behind its tag. */
function parse(frame: Buffer): { tag: number; numbers: number[] } {
  const numbers: number[] = [];
  let at = FRAME_TAG_BYTES;
  while (at < frame.length) {
    const length = frame.readUInt32LE(at);
    const number = frame.readUInt32LE(at + 4);
    const payload = frame.subarray(at + HEADER, at + length);
    expect(payload.length).toBe(length - HEADER);
    expect(payload.every((byte) => byte === number % 256)).toBe(true);
    numbers.push(number);
    at += (length + 7) & -8;
  }
  return { tag: frame.readDoubleLE(0), numbers };
}

const allNumbers = (link: ScriptedLink): number[] => link.frames.flatMap((frame) => parse(frame).numbers);

describe('a frame writer', () => {
  it('gathers records into one frame, written where the link wants it', async () => {
    const link = new ScriptedLink();
    const writer = new FrameWriter(link.node, 1);
    for (let number = 0; number < 10; number += 1) write(writer, number, HEADER + number);
    expect(link.frames).toEqual([]);
    await writer.flush();
    expect(link.ways).toEqual(['commit']);
    expect(allNumbers(link)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(writer.frames).toBe(1);
  });

  it('sends nothing when nothing was written', async () => {
    const link = new ScriptedLink();
    const writer = new FrameWriter(link.node, 1);
    expect(writer.flush()).toBeUndefined();
    write(writer, 1, 100);
    await writer.flush();
    await writer.flush();
    expect(link.frames).toHaveLength(1);
    expect(writer.frames).toBe(1);
  });

  it('tags the frames that are begun from now on', async () => {
    const link = new ScriptedLink();
    const writer = new FrameWriter(link.node, 1);
    writer.tag = 1.5;
    write(writer, 1, 100);
    writer.tag = -2;
    write(writer, 2, 100);
    await writer.flush();
    write(writer, 3, 100);
    await writer.flush();
    expect(link.frames.map(parse)).toEqual([
      { tag: 1.5, numbers: [1, 2] },
      { tag: -2, numbers: [3] },
    ]);
  });

  it('begins the next frame when one is full, and goes on in order', async () => {
    const link = new ScriptedLink();
    const writer = new FrameWriter(link.node, 1);
    const numbers = Array.from({ length: 1000 }, (_, number) => number);
    for (const number of numbers) write(writer, number, 1000);
    await writer.flush();
    expect(allNumbers(link)).toEqual(numbers);
    expect(link.frames.length).toBeGreaterThan(10);
    expect(link.frames.length).toBe(writer.frames);
    expect(Math.max(...link.frames.map(({ length }) => length))).toBeLessThanOrEqual(64 * 1024);
  });

  it('keeps what it cannot send, without waiting, and lets nothing overtake it', async () => {
    const link = new ScriptedLink();
    const writer = new FrameWriter(link.node, 1);
    write(writer, 0, 60_000);
    link.full = true;
    for (let number = 1; number <= 5; number += 1) write(writer, number, 60_000);
    expect(allNumbers(link)).toEqual([0]);
    // Room again: what is kept goes first all the same.
    link.full = false;
    write(writer, 6, 60_000);
    expect(allNumbers(link)).toEqual([0]);
    expect(writer.flush()).toBeUndefined();
    expect(allNumbers(link)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    write(writer, 7, 100);
    expect(writer.flush()).toBeUndefined();
    expect(link.ways).toEqual(['commit', 'push', 'push', 'push', 'push', 'push', 'push', 'commit']);
  });

  it('offers what the link takes, keeps the rest, and never waits', () => {
    const link = new ScriptedLink();
    const writer = new FrameWriter(link.node, 1);
    expect(writer.offer()).toBe(true);
    write(writer, 0, 1000);
    expect(writer.offer()).toBe(true);
    link.full = true;
    write(writer, 1, 60_000);
    write(writer, 2, 60_000);
    expect(writer.offer()).toBe(false);
    expect(writer.backlog).toBe(FRAME_TAG_BYTES + 60_000);
    // What is written while older frames wait shares a frame: memory is not held for each.
    for (let number = 3; number <= 8; number += 1) {
      write(writer, number, 100);
      expect(writer.offer()).toBe(false);
    }
    expect(writer.backlog).toBe(FRAME_TAG_BYTES + 60_000);
    link.full = false;
    expect(writer.offer()).toBe(true);
    expect(writer.backlog).toBe(0);
    expect(link.frames.map((frame) => parse(frame).numbers)).toEqual([[0], [1], [2, 3, 4, 5, 6, 7, 8]]);
    expect(link.ways).toEqual(['commit', 'send', 'send']);
  });

  it('waits in flush until the peer has room for all', async () => {
    const link = new ScriptedLink();
    const writer = new FrameWriter(link.node, 1);
    link.full = true;
    for (let number = 0; number < 4; number += 1) write(writer, number, 60_000);
    let flushed = false;
    const flushing = Promise.resolve(writer.flush()).then(() => {
      flushed = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect([flushed, link.frames.length]).toEqual([false, 0]);
    link.open();
    await flushing;
    expect(allNumbers(link)).toEqual([0, 1, 2, 3]);
  });

  it('takes records of any length up to the limit, in frames of their own where they must be', async () => {
    const link = new ScriptedLink(1024 * 1024);
    const writer = new FrameWriter(link.node, 1);
    const lengths = [
      64,
      65_527,
      65_528,
      65_529,
      65_536,
      100_001,
      1_048_561,
      1_048_568,
      1_048_569,
      3_000_003,
      FRAME_LIMIT - FRAME_TAG_BYTES,
    ];
    for (const [number, length] of lengths.entries()) {
      write(writer, number, length);
      write(writer, number, 16);
    }
    await writer.flush();
    expect(allNumbers(link)).toEqual(lengths.flatMap((_, number) => [number, number]));
    expect(Math.max(...link.frames.map(({ length }) => length))).toBe(FRAME_LIMIT);
  });

  it.each([FRAME_LIMIT - FRAME_TAG_BYTES + 1, FRAME_LIMIT, FRAME_LIMIT + 1])(
    'refuses a record of %i bytes and goes on as if it had not been asked',
    async (length) => {
      const link = new ScriptedLink();
      const writer = new FrameWriter(link.node, 1);
      write(writer, 1, 100);
      expect(() => writer.open(length)).toThrow(
        expect.objectContaining({
          code: 'ERR_TROUPE_FRAME_TOO_LARGE',
          value: length,
          message: expect.stringMatching(`record of ${length} bytes is over the limit of \\d+`),
        }),
      );
      write(writer, 2, 100);
      await writer.flush();
      expect(link.frames.map(parse)).toEqual([{ tag: 0, numbers: [1, 2] }]);
    },
  );

  it('sends records of any sizes in order, however full the link is', async () => {
    const step = fc.oneof(
      fc.record({ length: fc.oneof(fc.integer({ min: 8, max: 200 }), fc.integer({ min: 8, max: 200_000 })) }),
      fc.record({ full: fc.boolean() }),
      fc.constant('flush'),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step),
        fc.constantFrom(1024, 32_760, 65_536, 200_000),
        async (steps, claimLimit) => {
          const link = new ScriptedLink(claimLimit);
          const writer = new FrameWriter(link.node, 1);
          let count = 0;
          for (const next of steps) {
            if (next === 'flush') {
              const flushing = writer.flush();
              link.open();
              await flushing;
            } else if (typeof next === 'object' && 'full' in next) link.full = next.full;
            else if (typeof next === 'object') {
              write(writer, count, next.length);
              count += 1;
            }
          }
          link.open();
          await writer.flush();
          expect(allNumbers(link)).toEqual(Array.from({ length: count }, (_, number) => number));
          expect(writer.frames).toBe(link.frames.length);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('a frame writer with bodies', () => {
  /** Writes bodies behind a header with their end; answers what the peer decodes. */
  async function passOn(
    bodies: readonly unknown[],
    link: ScriptedLink,
    trusted: boolean,
  ): Promise<unknown[]> {
    const codec = new BodyCodec({ trusted });
    const writer = new FrameWriter(link.node, 1);
    for (const value of bodies) {
      const at = writer.openPacked(16, codec, value);
      writer.view.setFloat64(at, writer.bodyEnd - at, true);
      writer.view.setFloat64(at + 8, 4.25, true);
      writer.close(writer.bodyEnd);
    }
    await writer.flush();
    const stream = new CodecStream();
    const decoder = new BodyCodec({ trusted });
    return link.frames.flatMap((frame) => {
      const got: unknown[] = [];
      for (let at = FRAME_TAG_BYTES; at < frame.length; ) {
        const end = at + frame.readDoubleLE(at);
        expect(frame.readDoubleLE(at + 8)).toBe(4.25);
        got.push(decoder.decode(stream, frame, at + 16, end));
        at = (end + 7) & -8;
      }
      return got;
    });
  }

  it.each([true, false])('hands them over in order (trusted: %s)', async (trusted) => {
    await fc.assert(
      fc.asyncProperty(fc.array(body), fc.constantFrom(4096, 65_536), async (bodies, claimLimit) => {
        const got = await passOn(bodies, new ScriptedLink(claimLimit), trusted);
        expect(isDeepStrictEqual(got, bodies)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it.each([true, false])(
    'hands over some that are longer than a frame, between others (trusted: %s)',
    async (trusted) => {
      const lengths = [10, 2000, 60_000, 65_500, 65_530, 70_000, 5, 1_000_000, 16_000_000, 1];
      const bodies = lengths.map((length) => ({
        text: 'x'.repeat(length),
        bytes: new Uint8Array(length % 1000),
      }));
      for (const claimLimit of [4096, 524_280]) {
        const got = await passOn(bodies, new ScriptedLink(claimLimit), trusted);
        expect(isDeepStrictEqual(got, bodies)).toBe(true);
      }
    },
  );

  it('goes on after one that was refused', async () => {
    const link = new ScriptedLink();
    const codec = new BodyCodec({ trusted: true });
    const writer = new FrameWriter(link.node, 1);
    write(writer, 1, 100);
    expect(() => writer.openPacked(16, codec, { call: () => {} })).toThrow('body.call');
    expect(() => writer.openPacked(16, codec, 'x'.repeat(FRAME_LIMIT))).toThrow('over the limit');
    write(writer, 2, 100);
    await writer.flush();
    expect(allNumbers(link)).toEqual([1, 2]);
  });
});

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { Doorbell } from '../src/index.ts';

const NO_SPIN = { spins: 0 };
const workers: Worker[] = [];

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
});

async function result(fixture: string, workerData: object): Promise<unknown> {
  const worker = new Worker(new URL(`./fixtures/${fixture}.ts`, import.meta.url), { workerData });
  workers.push(worker);
  return (await once(worker, 'message'))[0];
}

describe('a doorbell', () => {
  it('tells at once of a ring since the number was read', () => {
    const bell = new Doorbell(new SharedArrayBuffer(Doorbell.BYTES));
    const seen = bell.sequence;
    bell.ring();
    expect(bell.waitSync(seen, Number.POSITIVE_INFINITY, NO_SPIN)).toBe(true);
    expect(bell.waitSync(seen, Number.POSITIVE_INFINITY, { spins: 10 })).toBe(true);
    expect(bell.sequence).toBe(seen + 1);
  });

  it('gives up after the timeout when nobody rings', () => {
    const bell = new Doorbell(new SharedArrayBuffer(Doorbell.BYTES));
    expect(bell.waitSync(bell.sequence, 1, NO_SPIN)).toBe(false);
    expect(bell.waitSync(bell.sequence, 0, { spins: 5 })).toBe(false);
  });

  it('has its place in a buffer, and no say over what is beside it', () => {
    const buffer = new SharedArrayBuffer(Doorbell.BYTES * 3);
    new Doorbell(buffer, Doorbell.BYTES).ring();
    expect(new Doorbell(buffer).sequence).toBe(0);
    expect(new Doorbell(buffer, Doorbell.BYTES).sequence).toBe(1);
    expect(new Doorbell(buffer, Doorbell.BYTES * 2).sequence).toBe(0);
  });

  it('rings on after 2^31 and 2^32 rings', () => {
    for (const rung of [2 ** 31 - 1, 2 ** 32 - 1]) {
      const buffer = new SharedArrayBuffer(Doorbell.BYTES);
      // Documented: word 0 is how often it rang, modulo 2^32.
      new Uint32Array(buffer)[0] = rung;
      const bell = new Doorbell(buffer);
      const seen = bell.sequence;
      bell.ring();
      expect(bell.waitSync(seen, Number.POSITIVE_INFINITY, NO_SPIN)).toBe(true);
      expect(bell.waitSync(bell.sequence, 0, NO_SPIN)).toBe(false);
    }
  });

  it.each([
    ['sleeps at once', 20_000, 0],
    ['spins a little, or not quite enough', 100_000, 300],
  ])('loses no ring between two threads when the waiter %s', async (_how, rounds, spins) => {
    const bells = new SharedArrayBuffer(2 * Doorbell.BYTES);
    const sides = await Promise.all(
      [true, false].map((first) => result('ping-pong', { bells, first, rounds, spins, blocking: true })),
    );
    expect(sides).toEqual(Array(2).fill({ heard: rounds, sequence: rounds }));
  });

  it('loses no ring where one side, or both, wait without blocking', async () => {
    const rounds = 5000;
    for (const blocking of [false, true]) {
      const bells = new SharedArrayBuffer(2 * Doorbell.BYTES);
      const sides = await Promise.all(
        [true, false].map((first) =>
          result('ping-pong', { bells, first, rounds, spins: 0, blocking: first && blocking }),
        ),
      );
      expect(sides).toEqual(Array(2).fill({ heard: rounds, sequence: rounds }));
    }
  });

  it('answers who waits without blocking: at once, when it rings, or when the time has passed', async () => {
    const bell = new Doorbell(new SharedArrayBuffer(Doorbell.BYTES));
    const seen = bell.sequence;
    expect(await bell.wait(seen, 1)).toBe(false);
    expect(await bell.wait(seen, 0)).toBe(false);
    const waits = [bell.wait(seen, 60_000), bell.wait(seen, 60_000)];
    bell.ring();
    expect(await Promise.all(waits)).toEqual([true, true]);
    expect(await bell.wait(seen, Number.POSITIVE_INFINITY)).toBe(true);
  });
});

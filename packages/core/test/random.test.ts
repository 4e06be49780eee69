import { Agent, type AgentId, type Message, Random, Scheduler } from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorOf } from './fixtures/actor.ts';

const DRAWS = 100_000;

function draw<T>(from: Random, take: (random: Random) => T, count = DRAWS): T[] {
  return Array.from({ length: count }, () => take(from));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function variance(values: readonly number[]): number {
  const middle = mean(values);
  return mean(values.map((value) => (value - middle) ** 2));
}

/** Checks mean and variance against theory, to six standard errors. */
function expectMoments(values: readonly number[], middle: number, spread: number, kurtosis = 9): void {
  const count = values.length;
  expect(Math.abs(mean(values) - middle)).toBeLessThan(6 * Math.sqrt(spread / count));
  expect(Math.abs(variance(values) - spread)).toBeLessThan(6 * spread * Math.sqrt((kurtosis - 1) / count));
}

/** Pearson's statistic of counts that should be even; its mean is the number of counts less one. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe('the stream of an agent', () => {
  class Drawing extends Agent {
    readonly drawn: number[] = [];

    override setup(): void {
      this.drawn.push(this.random.float());
      this.setAlarm(1, 'draw');
    }

    override receive(message: Message): void {
      this.drawn.push(this.random.float());
      if (message.body === undefined && this.drawn.length < 6) this.send(this.id, 'draw');
    }
  }

  const drawnBy = (ids: readonly AgentId[], seed = 1): Map<AgentId, number[]> => {
    const scheduler = new Scheduler({ seed });
    const agents = ids.map((id) => new Drawing(id));
    for (const agent of agents) scheduler.add(agent);
    scheduler.run();
    return new Map(agents.map((agent) => [agent.id, agent.drawn]));
  };
  const ids: AgentId[] = [0, 1, 2, '0', '1', 'anna', 'ben', '', -1];
  const alone = drawnBy(ids);

  it('depends on its seed and its id, not on who else is there or who draws first', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(ids, { minLength: 1 }), (some) => {
        const drawn = drawnBy(some);
        for (const id of some) expect(drawn.get(id)).toEqual(alone.get(id));
      }),
      { seed: 7, numRuns: 30 },
    );
  });

  it('is another for another id, and for another seed', () => {
    const drawn = [1, 2, 3, -1, 0.5].flatMap((seed) => [...drawnBy(ids, seed).values()].flat());
    expect(drawn).toHaveLength(5 * ids.length * 6);
    expect(new Set(drawn).size).toBe(drawn.length);
  });

  it('goes on from run to run, and is the one of Random.of', () => {
    const scheduler = new Scheduler({ seed: 5 });
    const anna = new Drawing('anna');
    scheduler.add(anna);
    for (let until = 1; until < 5; until += 0.5) scheduler.run({ until });
    expect(anna.drawn).toEqual(draw(Random.of(5, 'anna'), (random) => random.float(), 6));
  });

  it('begins again with an agent that is added again', () => {
    const scheduler = new Scheduler();
    const anna = new Drawing('anna');
    scheduler.add(anna);
    scheduler.run({ until: 1 });
    scheduler.remove(anna);
    scheduler.add(anna);
    scheduler.run({ until: 2 });
    expect(anna.drawn[1]).toBe(anna.drawn[0]);
  });

  it('has nothing to do with that of the next id or seed', () => {
    for (const [a, b] of [
      [Random.of(1, 1), Random.of(1, 2)],
      [Random.of(1, 'a'), Random.of(2, 'a')],
      [Random.of(1, 2), Random.of(2, 1)],
    ] as const) {
      const products = Array.from({ length: DRAWS }, () => (a.float() - 0.5) * (b.float() - 0.5));
      expect(Math.abs(mean(products))).toBeLessThan(6 * Math.sqrt(1 / 144 / DRAWS));
    }
  });

  it('has first numbers that are spread evenly over ids and over seeds', () => {
    const counts = (first: (index: number) => number): number[] => {
      const bins = Array<number>(100).fill(0);
      for (let index = 0; index < 20_000; index += 1) {
        const bin = Math.floor(first(index) * 100);
        bins[bin] = (bins[bin] as number) + 1;
      }
      return bins;
    };
    expect(chiSquare(counts((id) => Random.of(1, id).float()))).toBeLessThan(190);
    expect(chiSquare(counts((id) => Random.of(1, `agent-${id}`).float()))).toBeLessThan(190);
    expect(chiSquare(counts((seed) => Random.of(seed, 1).float()))).toBeLessThan(190);
  });
});

describe('random numbers', () => {
  it('as words are 32 bits, each bit set half of the time', () => {
    const words = draw(Random.of(1, 'words'), (random) => random.word());
    const set = Array<number>(32).fill(0);
    for (const word of words) {
      if ((word | 0) !== word) expect(word | 0).toBe(word);
      for (let bit = 0; bit < 32; bit += 1) set[bit] = (set[bit] as number) + ((word >>> bit) & 1);
    }
    for (const count of set) expect(Math.abs(count - DRAWS / 2)).toBeLessThan(3 * Math.sqrt(DRAWS));
  });

  it('as floats lie from 0 up to but not including 1, evenly, with all 53 bits', () => {
    const floats = draw(Random.of(1, 'floats'), (random) => random.float());
    for (const float of floats) if (!(float >= 0 && float < 1)) expect(float).toBeLessThan(1);
    expectMoments(floats, 1 / 2, 1 / 12);
    const bins = Array<number>(64).fill(0);
    for (const float of floats) bins[Math.floor(float * 64)] = (bins[Math.floor(float * 64)] as number) + 1;
    expect(chiSquare(bins)).toBeLessThan(140);
    expect(floats.some((float) => (float * 2 ** 53) % 2 === 1)).toBe(true);
    expect(floats.every((float) => Number.isInteger(float * 2 ** 53))).toBe(true);
  });

  it.each([1, 2, 3, 10, 97, 1000])('as integers below %i are all as likely, and no others come', (n) => {
    const counts = Array<number>(n).fill(0);
    for (const integer of draw(Random.of(2, n), (random) => random.integer(n))) {
      if (counts[integer] === undefined) expect(counts[integer]).toBeDefined();
      counts[integer] = (counts[integer] as number) + 1;
    }
    expect(chiSquare(counts)).toBeLessThanOrEqual(n - 1 + 7 * Math.sqrt(2 * (n - 1)) + (n > 1 ? 10 : 0));
  });

  it.each([3_000_000_000, 2 ** 32, 2 ** 31 + 1])('as integers below %i are without bias', (n) => {
    const integers = draw(Random.of(3, n), (random) => random.integer(n));
    expect(integers.every((integer) => Number.isInteger(integer) && integer >= 0 && integer < n)).toBe(true);
    expectMoments(
      integers.map((integer) => integer / n),
      1 / 2,
      1 / 12,
    );
  });

  it.each([0, 0.001, 0.3, 0.5, 0.999, 1])('as chances come true with a probability of %s', (probability) => {
    const hits = draw(Random.of(4, 'chance'), (random) => random.chance(probability)).filter(Boolean).length;
    const deviation = Math.sqrt(DRAWS * probability * (1 - probability));
    expect(Math.abs(hits - DRAWS * probability)).toBeLessThanOrEqual(6 * deviation);
  });

  it.each([0.01, 1, 250])('as exponential times have the mean %s, and no memory', (middle) => {
    const times = draw(Random.of(5, 'exponential'), (random) => random.exponential(middle));
    expect(times.every((time) => time >= 0 && Number.isFinite(time))).toBe(true);
    expectMoments(times, middle, middle ** 2);
    const late = times.filter((time) => time > middle);
    expect(Math.abs(late.length / DRAWS - Math.exp(-1))).toBeLessThan(0.01);
    expect(Math.abs(mean(late) / middle - 2)).toBeLessThan(0.04);
  });

  it('as normal values have mean and deviation, and a bell around them', () => {
    expectMoments(
      draw(Random.of(6, 'normal'), (random) => random.normal()),
      0,
      1,
      3,
    );
    expectMoments(
      draw(Random.of(6, 'other'), (random) => random.normal(-20, 5)),
      -20,
      25,
      3,
    );
    const values = draw(Random.of(6, 'bell'), (random) => random.normal());
    const within = (deviations: number): number =>
      values.filter((value) => Math.abs(value) < deviations).length / DRAWS;
    expect(Math.abs(within(1) - 0.6827)).toBeLessThan(0.01);
    expect(Math.abs(within(2) - 0.9545)).toBeLessThan(0.005);
    expect(Math.abs(values.filter((value) => value > 0).length / DRAWS - 0.5)).toBeLessThan(0.01);
    expect(draw(Random.of(6, 'none'), (random) => random.normal(3, 0), 10)).toEqual(Array(10).fill(3));
  });

  it.each([
    [1, 0.5],
    [10, 0.1],
    [10, 0.9],
    [180, 0.03],
    [1000, 0.5],
    [100_000, 0.0001],
  ])('as successes of %i trials of probability %s have the mean and variance of theory', (n, probability) => {
    const successes = draw(Random.of(7, n), (random) => random.binomial(n, probability), 10_000);
    expect(successes.every((count) => Number.isInteger(count) && count >= 0 && count <= n)).toBe(true);
    expectMoments(successes, n * probability, n * probability * (1 - probability));
  });

  it('as successes follow the distribution, not only its mean', () => {
    const counts = [0, 0, 0, 0, 0];
    for (const count of draw(Random.of(8, 'binomial'), (random) => random.binomial(4, 0.3))) {
      counts[count] = (counts[count] as number) + 1;
    }
    [0.2401, 0.4116, 0.2646, 0.0756, 0.0081].forEach((share, index) => {
      const expected = share * DRAWS;
      expect(Math.abs((counts[index] as number) - expected)).toBeLessThan(6 * Math.sqrt(expected));
    });
  });

  it('as successes that are certain or impossible are all or none', () => {
    const random = Random.of(9, 'binomial');
    expect([random.binomial(0, 0.5), random.binomial(7, 0), random.binomial(7, 1)]).toEqual([0, 0, 7]);
    expect(random.binomial(Number.MAX_SAFE_INTEGER, 0)).toBe(0);
    expect(random.binomial(Number.MAX_SAFE_INTEGER, 1)).toBe(Number.MAX_SAFE_INTEGER);
    expect(random.binomial(1000, Number.MIN_VALUE)).toBe(0);
  });

  it('pick each item as often as another', () => {
    const items = ['a', 'b', 'c', 'd', 'e'];
    const picked = draw(Random.of(10, 'pick'), (random) => random.pick(items));
    expect(chiSquare(items.map((item) => picked.filter((other) => other === item).length))).toBeLessThan(35);
    expect(Random.of(10, 'pick').pick(['only'])).toBe('only');
    expect(Random.of(10, 'pick').pick([undefined])).toBeUndefined();
  });

  it('shuffle in place, losing nothing, into each order as often as another', () => {
    const random = Random.of(11, 'shuffle');
    const list = [1, 2, 3, 4];
    expect(random.shuffle(list)).toBe(list);
    expect([...list].sort()).toEqual([1, 2, 3, 4]);
    expect([random.shuffle([]), random.shuffle(['one'])]).toEqual([[], ['one']]);
    const orders = new Map<string, number>();
    for (let index = 0; index < 24_000; index += 1) {
      const order = random.shuffle(['a', 'b', 'c', 'd']).join('');
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(24);
    expect(chiSquare([...orders.values()])).toBeLessThan(75);
  });

  const bad = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1];
  it.each<[string, readonly unknown[], (random: Random, value: never) => unknown]>([
    ['integer', [...bad, 0, 1.5, 2 ** 32 + 1, '1', null], (random, n) => random.integer(n)],
    ['chance', [...bad, 1.0001], (random, p) => random.chance(p)],
    ['exponential', [...bad, 0], (random, m) => random.exponential(m)],
    ['binomial', [...bad, 1.5, 2 ** 53], (random, n) => random.binomial(n, 0.5)],
    ['binomial', [...bad, 1.0001], (random, p) => random.binomial(3, p)],
  ])('as %s of what makes no sense are refused, and the value is named', (name, values, act) => {
    for (const value of values) {
      const error = errorOf(() => act(Random.of(1, 1), value as never));
      expect(error.code).toBe('ERR_TROUPE_OPTION');
      expect(error.message).toContain(`random.${name}(`);
      expect(error.value).toBe(value);
    }
  });

  it('cannot be picked from nothing', () => {
    expect(errorOf(() => Random.of(1, 1).pick([])).code).toBe('ERR_TROUPE_OPTION');
  });
});

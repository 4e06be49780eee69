import { SimulationError, show } from './errors.ts';
import { Hash } from './hash.ts';
import type { AgentId } from './message.ts';

const TWO_TO_MINUS_53 = 1 / 9007199254740992;

/**
 * A stream of random numbers that depends on nothing but the run's seed and the agent's id.
 *
 * The generator is sfc32 of Chris Doty-Humphrey's PractRand: 128 bits of state, a period of at least 2^32.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  private constructor(a: number, b: number, c: number, counter: number) {
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#counter = counter;
  }

  /** The stream of `id` in the run of `seed`. */
  static of(seed: number, id: AgentId): Random {
    const hash = new Hash();
    hash.float(seed);
    hash.id(id);
    const { a, b } = hash;
    hash.finish();
    const random = new Random(hash.a, hash.b, a ^ Math.imul(b, 0x9e3779b1), 1);
    for (let round = 0; round < 12; round += 1) random.word();
    return random;
  }

  /** Goes on where the stream stood whose {@link state} this is. */
  static resume(state: readonly number[]): Random {
    const [a = 0, b = 0, c = 0, counter = 0] = state;
    return new Random(a | 0, b | 0, c | 0, counter | 0);
  }

  /** Where the stream stands: four words of 32 bits. */
  get state(): number[] {
    return [this.#a, this.#b, this.#c, this.#counter];
  }

  /** 32 random bits as an integer from -2^31 to 2^31-1. */
  word(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + sum) | 0;
    return sum;
  }

  /** A float from 0 up to but not including 1, all 53 bits random. */
  float(): number {
    return ((this.word() >>> 5) * 67108864 + (this.word() >>> 6)) * TWO_TO_MINUS_53;
  }

  /**
   * An integer from 0 up to but not including `n`, 1 to 2^32, without bias.
   *
   * Source: the rejection of `arc4random_uniform` in OpenBSD: words below 2^32 mod n are drawn again.
   */
  integer(n: number): number {
    if (!(Number.isInteger(n) && n >= 1 && n <= 4294967296)) {
      throw new SimulationError(
        'ERR_TROUPE_OPTION',
        `random.integer(${show(n)}): give a whole number from 1 to 2^32`,
        {
          value: n,
        },
      );
    }
    const reject = (4294967296 - n) % n;
    for (;;) {
      const word = this.word() >>> 0;
      if (word >= reject) return word % n;
    }
  }

  /** True with the given probability, 0 to 1. */
  chance(probability: number): boolean {
    if (!(probability >= 0 && probability <= 1)) {
      throw new SimulationError('ERR_TROUPE_OPTION', `random.chance(${show(probability)}): give 0 to 1`, {
        value: probability,
      });
    }
    return this.float() < probability;
  }

  /** Exponentially distributed with the given mean, which must be positive and finite. */
  exponential(mean: number): number {
    if (!(mean > 0 && mean < Number.POSITIVE_INFINITY)) {
      throw new SimulationError(
        'ERR_TROUPE_OPTION',
        `random.exponential(${show(mean)}): give a positive number`,
        {
          value: mean,
        },
      );
    }
    return -Math.log(1 - this.float()) * mean;
  }

  /**
   * Normally distributed. Source: G. E. P. Box and M. E. Muller (1958); one of its two values, so that the stream's
   * state is the generator's alone.
   */
  normal(mean = 0, deviation = 1): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.float()));
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.float());
  }

  /**
   * How many of `n` independent trials succeed, each with the given probability. Exact: it counts successes one waiting
   * time after the other, so it takes time in proportion to the answer (or to n minus it, where that is less).
   *
   * Source: Luc Devroye, Non-Uniform Random Variate Generation (1986), X.4.3, the first waiting time method.
   */
  binomial(n: number, probability: number): number {
    if (!(Number.isSafeInteger(n) && n >= 0)) {
      throw new SimulationError(
        'ERR_TROUPE_OPTION',
        `random.binomial(${show(n)}, ...): give a whole number of trials`,
        {
          value: n,
        },
      );
    }
    if (!(probability >= 0 && probability <= 1)) {
      throw new SimulationError(
        'ERR_TROUPE_OPTION',
        `random.binomial(..., ${show(probability)}): give 0 to 1`,
        {
          value: probability,
        },
      );
    }
    if (probability > 0.5) return n - this.binomial(n, 1 - probability);
    if (probability === 0) return 0;
    const scale = Math.log1p(-probability);
    let count = 0;
    let position = 0;
    for (;;) {
      position += Math.floor(Math.log(1 - this.float()) / scale) + 1;
      if (!(position <= n)) return count;
      count += 1;
    }
  }

  /** One of `items`, each as likely; there must be one. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) {
      throw new SimulationError(
        'ERR_TROUPE_OPTION',
        'random.pick() of an empty list: give at least one item',
      );
    }
    return items[this.integer(items.length)] as T;
  }

  /** Puts `items` into a random order, in place (Fisher and Yates), and answers it. */
  shuffle<T>(items: T[]): T[] {
    for (let last = items.length - 1; last > 0; last -= 1) {
      const other = this.integer(last + 1);
      const item = items[last] as T;
      items[last] = items[other] as T;
      items[other] = item;
    }
    return items;
  }
}

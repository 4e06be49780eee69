import { describe, expect, it } from 'vitest';
import { Mailbox, WHEN_FULL, type WhenFull } from '../src/live/mailbox.ts';
import { numbers } from './fixtures/numbers.ts';

interface Letter {
  readonly from: string;
  readonly number: number;
}

const OWNER = 'owner';
const SENDERS = [OWNER, 'a', 'b', 'c'];

/** What a mailbox must do, letter by letter. */
class Model {
  letters: { readonly letter: Letter; isTaken: boolean }[] = [];
  readonly #capacity: number;
  readonly #whenFull: WhenFull;

  constructor(capacity: number, whenFull: WhenFull) {
    this.#capacity = capacity;
    this.#whenFull = whenFull;
  }

  put(letter: Letter): unknown {
    const isTaken = this.letters.length < this.#capacity;
    if (!isTaken && this.#whenFull === 'drop-newest') return 'dropped';
    if (!isTaken && this.#whenFull === 'error') return 'refused';
    if (isTaken || this.#whenFull === 'drop-oldest') {
      const displaced = isTaken ? undefined : this.letters.shift();
      this.letters.push({ letter, isTaken: true });
      return displaced === undefined ? 'taken' : { displaced: displaced.letter };
    }
    this.letters.push({ letter, isTaken: letter.from === OWNER });
    return letter.from === OWNER ? 'taken' : 'waits';
  }

  take(): { letter: Letter | undefined; admitted: Letter | undefined } {
    const letter = this.letters.shift()?.letter;
    const next = this.letters[this.#capacity - 1];
    if (letter === undefined || next === undefined || next.isTaken) return { letter, admitted: undefined };
    next.isTaken = true;
    return { letter, admitted: next.letter };
  }

  excuse(sender: string): number {
    const excused = this.letters.filter(
      ({ letter, isTaken }, at) => isTaken && at >= this.#capacity && letter.from !== OWNER,
    ).length;
    const waiting = this.letters.filter(({ letter, isTaken }) => !isTaken && letter.from === sender);
    if (excused + waiting.length > this.#capacity) return 0;
    for (const entry of waiting) entry.isTaken = true;
    return waiting.length;
  }

  get waiting(): string[] {
    return SENDERS.filter((sender) =>
      this.letters.some(({ letter, isTaken }) => !isTaken && letter.from === sender),
    );
  }
}

/** Does the same at random to a mailbox and to the model, and compares all that they answer. */
function compare(seed: number): void {
  const next = numbers(seed);
  const capacity = 1 + next(4);
  const whenFull = WHEN_FULL[seed % 4] as WhenFull;
  const mailbox = new Mailbox<Letter>(OWNER, { capacity, whenFull });
  const model = new Model(capacity, whenFull);
  const same = (what: string, got: unknown, wanted: unknown): void => {
    if (got === wanted) return;
    const [saw, meant] = [JSON.stringify(got), JSON.stringify(wanted)];
    if (saw !== meant) {
      throw new Error(`schedule ${seed} (${whenFull}, ${capacity}): ${what} is ${saw}, not ${meant}`);
    }
  };
  for (let number = 0; number < 30; number += 1) {
    const action = next(20);
    if (action < 12) {
      const letter = { from: SENDERS[next(SENDERS.length)] as string, number };
      same('refuses', mailbox.refuses, whenFull === 'error' && model.letters.length >= capacity);
      same('put', mailbox.put(letter), model.put(letter));
    } else if (action < 18) {
      const { letter, admitted } = model.take();
      same('take', mailbox.take(), letter);
      same('admitted', mailbox.admitted, admitted);
    } else if (action < 19) {
      const sender = SENDERS[1 + next(3)] as string;
      same('excuse', mailbox.excuse(sender), model.excuse(sender));
    } else if (next(4) === 0) {
      same(
        'clear',
        mailbox.clear(),
        model.letters.map(({ letter }) => letter),
      );
      model.letters = [];
    }
    same('size', mailbox.size, model.letters.length);
    const { waiting } = model;
    for (const sender of SENDERS) same(sender, mailbox.holds(sender), waiting.includes(sender));
    same('waiting', mailbox.waiting.length, waiting.length);
  }
}

describe('a mailbox', () => {
  it('keeps order, drops and lets wait as its policy says, in 100,000 schedules', () => {
    for (let seed = 1; seed <= 100_000; seed += 1) compare(seed);
  });

  it('holds ten thousand times its capacity one after the other, and stays in order', () => {
    const mailbox = new Mailbox<Letter>(OWNER, { capacity: 5000, whenFull: 'wait' });
    let taken = 0;
    for (let number = 0; number < 40_000; number += 1) {
      mailbox.put({ from: 'a', number });
      if (number % 3 === 0) {
        expect(mailbox.take()?.number).toBe(taken);
        taken += 1;
      }
    }
    while (mailbox.size > 0) {
      expect(mailbox.take()?.number).toBe(taken);
      taken += 1;
    }
    expect(taken).toBe(40_000);
    expect(mailbox.waiting).toEqual([]);
  });

  it('takes what its owner sends to itself, full or not', () => {
    const mailbox = new Mailbox<Letter>(OWNER, { capacity: 1, whenFull: 'wait' });
    expect(mailbox.put({ from: 'a', number: 1 })).toBe('taken');
    expect(mailbox.put({ from: OWNER, number: 2 })).toBe('taken');
    expect(mailbox.put({ from: 'a', number: 3 })).toBe('waits');
    expect(mailbox.waiting).toEqual(['a']);
  });

  it('excuses what would make it hold up to twice its capacity, and no more', () => {
    const mailbox = new Mailbox<Letter>(OWNER, { capacity: 2, whenFull: 'wait' });
    for (let number = 1; number <= 2; number += 1) mailbox.put({ from: 'a', number });
    for (let number = 3; number <= 4; number += 1) mailbox.put({ from: 'b', number });
    mailbox.put({ from: 'c', number: 5 });
    expect(mailbox.excuse('b')).toBe(2);
    expect(mailbox.excuse('c')).toBe(0);
    expect(mailbox.waiting).toEqual(['c']);
    // Those that were excused come within the capacity one after the other; then there is room for others again.
    mailbox.take();
    expect(mailbox.admitted).toBeUndefined();
    expect(mailbox.excuse('c')).toBe(1);
  });
});

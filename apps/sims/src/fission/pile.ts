import type { EventRecord } from '@troupe/core';

const PER_LINE = 30;
const MOST_DRAWN = 600;

/** What an onlooker sees of the pile: which atoms are split, and what the last neutron did. */
export class Pile {
  readonly #atoms: number;
  readonly #split = new Set<number>();
  #last = 0;

  constructor(atoms: number) {
    this.#atoms = atoms;
  }

  /** Takes note of an event; answers it in words. */
  see({ from, to, body, sentAt }: EventRecord): string {
    const atom = to as number;
    this.#last = atom;
    const isFirst = !this.#split.has(atom);
    this.#split.add(atom);
    const origin = from === 'source' ? 'the source' : `atom ${from}`;
    const fate = isFirst ? `atom ${atom} splits` : `atom ${atom} is split already and swallows it`;
    return `neutron of generation ${body} from ${origin}, ${sentAt.toFixed(4)} s: ${fate}`;
  }

  /** A dot for each atom. */
  draw(): string[] {
    if (this.#atoms > MOST_DRAWN) return [`${this.#split.size} of ${this.#atoms} atoms are split`];
    const lines: string[] = [];
    for (let first = 1; first <= this.#atoms; first += PER_LINE) {
      const length = Math.min(PER_LINE, this.#atoms - first + 1);
      lines.push(Array.from({ length }, (_, index) => this.#dot(first + index)).join(' '));
    }
    return lines;
  }

  #dot(atom: number): string {
    if (atom === this.#last) return '◉';
    return this.#split.has(atom) ? '●' : '·';
  }
}

import type { AgentId } from './message.ts';

/**
 * Two 32-bit lanes that absorb words: the mixing of MurmurHash3 (Austin Appleby, public domain), once per lane with
 * constants of its own. For comparing runs and seeding streams, not against an adversary.
 */
export class Hash {
  a: number;
  b: number;

  constructor(a = 0x9e3779b9, b = 0x85ebca6b) {
    this.a = a;
    this.b = b;
  }

  set(a: number, b: number): void {
    this.a = a;
    this.b = b;
  }

  word(word: number): void {
    let k = Math.imul(word, 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    let a = this.a ^ Math.imul(k, 0x1b873593);
    a = (a << 13) | (a >>> 19);
    this.a = (Math.imul(a, 5) + 0xe6546b64) | 0;
    k = Math.imul(word, 0x38b34ae5);
    k = (k << 16) | (k >>> 16);
    let b = this.b ^ Math.imul(k, 0xa1e38b93);
    b = (b << 17) | (b >>> 15);
    this.b = (Math.imul(b + this.a, 5) + 0x561ccd1b) | 0;
  }

  float(value: number): void {
    // NaN has many bit patterns: one for all.
    FLOAT[0] = Number.isNaN(value) ? Number.NaN : value;
    this.word(WORDS[0] as number);
    this.word(WORDS[1] as number);
  }

  text(text: string): void {
    const length = text.length;
    this.word(length);
    let index = 0;
    for (; index + 1 < length; index += 2) {
      this.word(text.charCodeAt(index) | (text.charCodeAt(index + 1) << 16));
    }
    if (index < length) this.word(text.charCodeAt(index));
  }

  id(id: AgentId): void {
    if (typeof id === 'number') {
      this.word(1);
      this.float(id);
    } else {
      this.word(2);
      this.text(id);
    }
  }

  /** Spreads what was absorbed over all bits; the lanes are the hash then. */
  finish(): void {
    this.a = finalize(this.a ^ this.b);
    this.b = finalize((this.b + Math.imul(this.a, 5)) | 0);
  }

  toString(): string {
    return (this.a >>> 0).toString(16).padStart(8, '0') + (this.b >>> 0).toString(16).padStart(8, '0');
  }
}

const FLOAT = new Float64Array(1);
const WORDS = new Int32Array(FLOAT.buffer);

function finalize(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** A hash of 32 bits of an id, the same on every node. */
export function hashId(id: AgentId): number {
  SCRATCH.set(0x2545f491, 0x6c62272e);
  SCRATCH.id(id);
  SCRATCH.finish();
  return SCRATCH.a >>> 0;
}

const SCRATCH = new Hash();

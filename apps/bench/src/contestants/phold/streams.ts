/**
 * The states of the random streams of agents 0 to n-1 as `Random.of(seed, id)` of `@troupe/core` seeds them, four words
 * per agent: for loops that draw inline. That they are the same is checked in every case.
 */
export function streamsOf(seed: number, agents: number): Int32Array {
  const states = new Int32Array(agents * 4);
  for (let id = 0; id < agents; id += 1) {
    lanes[0] = 0x9e3779b9;
    lanes[1] = 0x85ebca6b;
    absorbFloat(seed);
    absorb(1);
    absorbFloat(id);
    const a = lanes[0] as number;
    const b = lanes[1] as number;
    const first = finalize(a ^ b);
    const second = finalize((b + Math.imul(first, 5)) | 0);
    const at = id * 4;
    states[at] = first;
    states[at + 1] = second;
    states[at + 2] = a ^ Math.imul(b, 0x9e3779b1);
    states[at + 3] = 1;
    for (let round = 0; round < 12; round += 1) nextWord(states, at);
  }
  return states;
}

/** The next word of the stream whose state begins at `at`: sfc32 of Chris Doty-Humphrey's PractRand. */
export function nextWord(states: Int32Array, at: number): number {
  const b = states[at + 1] as number;
  const c = states[at + 2] as number;
  const counter = states[at + 3] as number;
  const sum = ((((states[at] as number) + b) | 0) + counter) | 0;
  states[at] = b ^ (b >>> 9);
  states[at + 1] = (c + (c << 3)) | 0;
  states[at + 2] = (((c << 21) | (c >>> 11)) + sum) | 0;
  states[at + 3] = (counter + 1) | 0;
  return sum;
}

const lanes = new Int32Array(2);
const float = new Float64Array(1);
const words = new Int32Array(float.buffer);

/** Both lanes of the kernel's hash: the mixing of MurmurHash3 (Austin Appleby, public domain). */
function absorb(word: number): void {
  const a = (lanes[0] as number) ^ Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
  lanes[0] = Math.imul(rotate(a, 13), 5) + 0xe6546b64;
  const b = (lanes[1] as number) ^ Math.imul(rotate(Math.imul(word, 0x38b34ae5), 16), 0xa1e38b93);
  lanes[1] = Math.imul(rotate(b, 17) + (lanes[0] as number), 5) + 0x561ccd1b;
}

function absorbFloat(value: number): void {
  float[0] = value;
  absorb(words[0] as number);
  absorb(words[1] as number);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function finalize(value: number): number {
  let h = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

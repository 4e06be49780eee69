import { TICKS_MEAN } from '../../phold/delay.ts';
import { type Phold, SEED, type Shape } from '../../phold/shape.ts';
import { nextWord, streamsOf } from './streams.ts';

/** Events per bucket, in the mean, while they are about to become due. */
const PER_BUCKET = 2;
/** Simulated seconds that the calendar reaches ahead. */
const AHEAD = 8;
const NONE = -1;

/**
 * PHOLD and nothing else, as fast as we could write it: no agents, no messages, no checks. It is what the kernel's
 * figures are measured against.
 *
 * Events live in slots of typed arrays, and each takes its successor's place. A calendar queue (R. Brown, Calendar
 * Queues: A Fast O(1) Priority Queue Implementation for the Simulation Event Set Problem, CACM 31(10), 1988) of fixed
 * width holds them in chains; the bucket whose turn it is gets sorted into a small array. The streams of all agents are
 * one array of words.
 */
export function handWritten({ agents, perAgent, remote, lookahead, delays }: Shape): Phold {
  const pending = agents * perAgent;
  const perTime = pending / PER_BUCKET;
  const buckets = 1 << Math.ceil(Math.log2(Math.max(AHEAD * perTime, 16)));
  const mask = buckets - 1;
  const mean = delays === 'ticks' ? TICKS_MEAN : 1 - lookahead;
  const exponential = delays === 'exponential';
  const constant = delays === 'constant';

  const states = streamsOf(SEED, agents);
  const due = new Float64Array(pending);
  const next = new Int32Array(pending);
  const agentOf = new Int32Array(pending);
  const hops = new Float64Array(pending);
  const heads = new Int32Array(buckets).fill(NONE);
  /** What is due beyond the reach of the calendar. */
  let far = NONE;
  /** The bucket at hand, counted from time 0. */
  let current = -1;
  /** Due times and slots of the bucket at hand, the earliest last. */
  let times = new Float64Array(64);
  let slots = new Int32Array(64);
  let ready = 0;

  /** Draws where and when the event goes on from `agent`, and files it. */
  function hop(slot: number, agent: number, now: number): void {
    const at = agent << 2;
    let a = states[at] as number;
    let b = states[at + 1] as number;
    let c = states[at + 2] as number;
    let counter = states[at + 3] as number;

    let high = (a + b + counter) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + high) | 0;
    let low = (a + b + counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + low) | 0;
    counter = (counter + 2) | 0;
    if (((high >>> 5) * 67108864 + (low >>> 6)) / 9007199254740992 < remote) {
      high = (a + b + counter) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + high) | 0;
      low = (a + b + counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + low) | 0;
      counter = (counter + 2) | 0;
      agent = Math.floor((((high >>> 5) * 67108864 + (low >>> 6)) / 9007199254740992) * agents);
    }
    agentOf[slot] = agent;

    let delay = 1;
    if (!constant) {
      high = (a + b + counter) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + high) | 0;
      low = (a + b + counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + low) | 0;
      counter = (counter + 2) | 0;
      const drawn = -Math.log(1 - ((high >>> 5) * 67108864 + (low >>> 6)) / 9007199254740992) * mean;
      delay = exponential ? lookahead + drawn : 1 + Math.floor(drawn);
    }
    states[at] = a;
    states[at + 1] = b;
    states[at + 2] = c;
    states[at + 3] = counter;
    file(slot, now + delay);
  }

  function file(slot: number, time: number): void {
    due[slot] = time;
    const bucket = Math.floor(time * perTime);
    if (bucket <= current) {
      insert(slot, time);
    } else if (bucket < current + buckets) {
      next[slot] = heads[bucket & mask] as number;
      heads[bucket & mask] = slot;
    } else {
      next[slot] = far;
      far = slot;
    }
  }

  /** Puts an event into the bucket at hand. */
  function insert(slot: number, time: number): void {
    if (ready === times.length) {
      times = enlarged(times, new Float64Array(ready * 2));
      slots = enlarged(slots, new Int32Array(ready * 2));
    }
    let at = ready;
    while (at > 0 && (times[at - 1] as number) < time) {
      times[at] = times[at - 1] as number;
      slots[at] = slots[at - 1] as number;
      at -= 1;
    }
    times[at] = time;
    slots[at] = slot;
    ready += 1;
  }

  /** Brings the next bucket that holds anything to hand. */
  function turn(): void {
    do {
      current += 1;
      if ((current & mask) === 0 && far !== NONE) fetchFar();
    } while (heads[current & mask] === NONE);
    let slot = heads[current & mask] as number;
    heads[current & mask] = NONE;
    while (slot !== NONE) {
      const following = next[slot] as number;
      insert(slot, due[slot] as number);
      slot = following;
    }
  }

  /** Once per turn of the calendar: files what has come within reach. */
  function fetchFar(): void {
    let slot = far;
    far = NONE;
    // As if the bucket before were at hand, so that nothing is due in it.
    current -= 1;
    while (slot !== NONE) {
      const following = next[slot] as number;
      file(slot, due[slot] as number);
      slot = following;
    }
    current += 1;
  }

  for (let agent = 0; agent < agents; agent += 1) {
    for (let index = 0; index < perAgent; index += 1) hop(agent * perAgent + index, agent, 0);
  }

  return {
    advance(until) {
      let events = 0;
      for (;;) {
        if (ready === 0) turn();
        const last = ready - 1;
        const now = times[last] as number;
        if (now >= until) return events;
        ready = last;
        events += 1;
        const slot = slots[last] as number;
        hops[slot] = (hops[slot] as number) + 1;
        hop(slot, agentOf[slot] as number, now);
      }
    },
    words: () => Array.from({ length: agents }, (_, agent) => nextWord(states, agent * 4)),
  };
}

function enlarged<T extends Float64Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

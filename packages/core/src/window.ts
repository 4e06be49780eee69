import type { EndReason } from './report.ts';

/** What a node says of itself at a barrier, and what it hears of all. */
export interface Standing {
  /** The earliest event that it knows of: its own next, or one that it has just sent to another node. */
  readonly time: number;
  readonly round: number;
  /** Messages that keep the run alive: pending here, or just sent to another node. */
  readonly live: number;
  /** Events delivered in this run. */
  readonly events: number;
  /** {@link ABORT} and the others, or-ed. */
  readonly flags: number;
  /** Messages sent to other nodes, and received from them, since the beginning. */
  readonly sent: number;
  readonly received: number;
  /** How far the clock on the wall lets time go; infinity where it does not matter. */
  readonly paced: number;
}

/** The owner wants the run to end. */
export const ABORT = 1;
/** The owner wants it to be interrupted. */
export const INTERRUPT = 2;
/** An agent has ended or interrupted the run. */
export const HALTED = 4;
/** An agent has thrown. */
export const FAILED = 8;

/** Alarms to other agents were called back: all must hear of it before anyone decides. */
export const RECALLED = 16;

/** Messages may still come from outside: that nothing is pending is no end. */
export const OPEN = 32;

/** Numbers that a standing takes in an exchange. */
export const STANDING_CELLS = 8;

export interface WindowLimits {
  readonly nodes: number;
  readonly lookahead: number;
  readonly until: number;
  readonly maxEvents: number;
  readonly stopWhenIdle: boolean;
  /** Most simulated seconds that a window may span. */
  readonly span: number;
}

/** What all nodes do next; all come to the same. */
export type Decision =
  /** Run what is due before `bound`. */
  | { readonly kind: 'window'; readonly bound: number }
  /** Run one round of one instant. */
  | { readonly kind: 'round'; readonly time: number; readonly round: number }
  /** Take in what was called back, and meet again. */
  | { readonly kind: 'again' }
  /** It is too early on the wall for `time`; at infinity, nothing is to be done until something comes from outside. */
  | { readonly kind: 'wait'; readonly time: number }
  | { readonly kind: 'end'; readonly reason: EndReason | 'halted' | 'failed' }
  /** Messages were lost on the way: counts do not agree. */
  | { readonly kind: 'lost'; readonly sent: number; readonly received: number };

/** Puts a standing into the numbers of an exchange. */
export function writeStanding(standing: Standing, into: Float64Array): void {
  into[0] = standing.time;
  into[1] = standing.round;
  into[2] = standing.live;
  into[3] = standing.events;
  into[4] = standing.flags;
  into[5] = standing.sent;
  into[6] = standing.received;
  into[7] = standing.paced;
}

const FLOAT = new Float64Array(1);
const BITS = new BigUint64Array(FLOAT.buffer);

/** Where a window that begins at `time` ends: later than it begins, however small the lookahead is beside the time. */
export function windowEnd(time: number, length: number): number {
  const end = time + length;
  if (end > time) return end;
  FLOAT[0] = time;
  BITS[0] = (BITS[0] as bigint) + 1n;
  return FLOAT[0] as number;
}

/**
 * The protocol by which clusters run through simulated time together. One exchange between two windows: each node
 * contributes its standing and all reduce the same numbers in the same order, so that all decide the same.
 *
 * Since every message between clusters is due at least one lookahead after it was sent, nothing that is sent in the
 * window from `least` to `least + lookahead` can be due within it. Without lookahead the window is one round.
 *
 * A window may be run through in parts, since the clock on the wall holds those who run ahead. Whether the run is over is
 * asked where the whole window ends: the parts must not show.
 *
 * A pure state machine: standings in, decisions out. It remembers how many messages had been sent at the last barrier,
 * which must have arrived by the next one, and where the window ends.
 */
export class WindowProtocol {
  readonly #limits: WindowLimits;
  #sentBefore: number;
  /** Where the whole window ends that is being run through. */
  end: number;

  /**
   * @param sent messages sent between nodes, all told, before the first barrier; those have arrived
   * @param end of the window in whose midst an earlier run was interrupted
   */
  constructor(limits: WindowLimits, sent = 0, end: number = Number.NEGATIVE_INFINITY) {
    this.#limits = limits;
    this.#sentBefore = sent;
    this.end = end;
  }

  /** @param all the standings of all nodes, {@link STANDING_CELLS} numbers each */
  decide(all: Float64Array): Decision {
    const { nodes, lookahead, until, maxEvents, stopWhenIdle, span } = this.#limits;
    let time = Number.POSITIVE_INFINITY;
    let round = Number.POSITIVE_INFINITY;
    let live = 0;
    let events = 0;
    let flags = 0;
    let sent = 0;
    let received = 0;
    let paced = Number.POSITIVE_INFINITY;
    for (let node = 0; node < nodes; node += 1) {
      const at = node * STANDING_CELLS;
      const nodeTime = all[at] as number;
      const nodeRound = all[at + 1] as number;
      if (nodeTime < time || (nodeTime === time && nodeRound < round)) {
        time = nodeTime;
        round = nodeRound;
      }
      live += all[at + 2] as number;
      events += all[at + 3] as number;
      flags |= all[at + 4] as number;
      sent += all[at + 5] as number;
      received += all[at + 6] as number;
      paced = Math.min(paced, all[at + 7] as number);
    }
    const expected = this.#sentBefore;
    this.#sentBefore = sent;
    if (received !== expected) return { kind: 'lost', sent: expected, received };
    if ((flags & RECALLED) !== 0) return { kind: 'again' };
    if ((flags & FAILED) !== 0) return { kind: 'end', reason: 'failed' };
    if ((flags & HALTED) !== 0) return { kind: 'end', reason: 'halted' };
    if ((flags & ABORT) !== 0) return { kind: 'end', reason: 'aborted' };
    const within = time < this.end;
    if (!within && events >= maxEvents) return { kind: 'end', reason: 'maxEvents' };
    const open = (flags & OPEN) !== 0;
    if (!within && stopWhenIdle && live <= 0 && !open) return { kind: 'end', reason: 'idle' };
    if (paced < Math.min(time, until)) {
      if ((flags & INTERRUPT) !== 0) return { kind: 'end', reason: 'paused' };
      return { kind: 'wait', time: Math.min(time, until) };
    }
    // As fast as it goes, time does not run on to `until` while something may come before it.
    const waits = open && time === Number.POSITIVE_INFINITY && paced === Number.POSITIVE_INFINITY;
    if (time === Number.POSITIVE_INFINITY && !waits) {
      return { kind: 'end', reason: stopWhenIdle && !open ? 'idle' : 'until' };
    }
    if (time >= until && !waits) return { kind: 'end', reason: 'until' };
    if ((flags & INTERRUPT) !== 0) return { kind: 'end', reason: 'paused' };
    if (waits) return { kind: 'wait', time };
    if (lookahead === 0) return { kind: 'round', time, round };
    if (!within) this.end = Math.min(windowEnd(time, lookahead), until);
    return { kind: 'window', bound: Math.min(windowEnd(time, span), this.end) };
  }
}

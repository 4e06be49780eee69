import { Agent, type AgentId, defineModel, layout } from '@troupe/core';

/** Lengths in millimetres, speed in millimetres per second. */
const CONVEYOR = 2000;
const SPEED = 1000;
const UNIT = 500;
/** Where the leading edge of the unit is on the first conveyor when the run begins. */
const START = 1250;

type Floor = {
  /** A unit waits at my end: may it come? */
  notification: undefined;
  acceptance: undefined;
  transfer: { length: number };
  /** The leading edge of the unit reaches the end. */
  reached: undefined;
  /** The trailing edge has left. */
  left: undefined;
  arrived: undefined;
  tick: undefined;
};

/** Carries one unit at a time and hands it over to the next conveyor, when that is free. */
class Conveyor extends Agent<Floor> {
  readonly #next: AgentId | undefined;
  readonly #loaded: boolean;
  #free: boolean;
  /** Who waits to hand over. */
  #waiting: AgentId | undefined;

  constructor(next: AgentId | undefined, loaded: boolean) {
    super();
    this.#next = next;
    this.#loaded = loaded;
    this.#free = !loaded;
  }

  override setup(): void {
    if (this.#loaded) this.setAlarm((CONVEYOR - START) / SPEED, 'reached');
  }

  static override readonly handlers = {
    reached(this: Conveyor): void {
      if (this.#next !== undefined) this.send(this.#next, 'notification');
    },
    notification(this: Conveyor, _body: undefined, { from }: { from: AgentId }): void {
      if (this.#free) this.#accept(from);
      else this.#waiting = from;
    },
    acceptance(this: Conveyor): void {
      this.send(this.#next as AgentId, 'transfer', { length: UNIT });
      this.report('handover', this.time);
      this.setAlarm(UNIT / SPEED, 'left', undefined, { unref: true });
    },
    transfer(this: Conveyor): void {
      if (this.#next === undefined) this.send('control', 'arrived');
      else this.setAlarm(CONVEYOR / SPEED, 'reached');
    },
    left(this: Conveyor): void {
      this.#free = true;
      if (this.#waiting !== undefined) this.#accept(this.#waiting);
      this.#waiting = undefined;
    },
  };

  #accept(from: AgentId): void {
    this.#free = false;
    this.send(from, 'acceptance');
  }
}

/** Ends the run when a unit has arrived on every line. */
class Control extends Agent<Floor> {
  #awaited: number;

  constructor(lines: number) {
    super();
    this.#awaited = lines;
  }

  static override readonly handlers = {
    arrived(this: Control): void {
      this.#awaited -= 1;
      if (this.#awaited === 0) this.stop('arrived', this.time);
    },
  };
}

/** Does nothing, again and again: messages must not be overtaken by its clock. */
class Timer extends Agent<Floor> {
  readonly #period: number;
  #ticks = 0;

  constructor(period: number) {
    super();
    this.#period = period;
  }

  override setup(): void {
    this.setAlarm(this.#period, 'tick', undefined, { unref: true });
  }

  static override readonly handlers = {
    tick(this: Timer): void {
      this.#ticks += 1;
      this.report('ticks', this.#ticks);
      this.setAlarm(this.#period, 'tick', undefined, { unref: true });
    },
  };
}

export default defineModel({
  name: 'conveyors',
  help: 'Conveyors hand units over by notification, acceptance and transfer, without lookahead.',
  params: {
    lines: { type: 'integer', default: 1, min: 1, max: 1_000_000, help: 'parallel lines, one unit each' },
    length: { type: 'integer', default: 4, min: 2, max: 1_000_000, help: 'conveyors per line' },
    timer: {
      type: 'number',
      default: 0,
      min: 0,
      help: 'period in seconds of a timer in the first cluster; 0 for none',
    },
  },
  agents: [Conveyor, Control, Timer],
  layouts: { transfer: layout({ length: 'f64' }) },
  place: (id, clusters, { length }) => {
    if (id === 'control') return clusters - 1;
    if (id === 'timer') return 0;
    return Math.floor((((id as number) % length) * clusters) / length);
  },
  populate: ({ add, params }) => {
    const { lines, length, timer } = params;
    for (let line = 0; line < lines; line += 1) {
      for (let position = 0; position < length; position += 1) {
        const id = line * length + position;
        add(Conveyor, { id, args: [position === length - 1 ? undefined : id + 1, position === 0] });
      }
    }
    add(Control, { id: 'control', args: [lines] });
    if (timer > 0) add(Timer, { id: 'timer', args: [timer] });
  },
  summarize: ({ results }, { length }) => {
    const handovers = Object.entries(results['handover'] ?? {}).map(([id, time]) => ({
      line: Math.floor(Number(id) / length) + 1,
      from: (Number(id) % length) + 1,
      to: (Number(id) % length) + 2,
      time: time as number,
    }));
    const ticks = results['ticks']?.['timer'];
    // A thousand lines say nothing that the first does not.
    return { handovers: handovers.slice(0, length * 4), ...(ticks === undefined ? {} : { ticks }) };
  },
});

import { Agent, defineModel } from '@troupe/core';

/** Conveyors of a line. */
const LENGTH = 4;
/** Simulated seconds that a unit takes on its first conveyor, on each further one, and until its end has left one. */
const FIRST = 0.75;
const WHOLE = 2;
const LEAVING = 0.5;
/** Simulated seconds from the entry of a unit to its arrival on the last conveyor. */
export const TRIP: number = FIRST + (LENGTH - 2) * WHOLE;

type Floor = {
  enter: undefined;
  /** The unit's leading edge is at the end. */
  reached: undefined;
  notification: undefined;
  acceptance: undefined;
  transfer: undefined;
  /** The unit's trailing edge has left. */
  left: undefined;
  arrived: undefined;
};

/** Carries one unit at a time; hands it over by notification, acceptance and transfer, each without delay. */
class Conveyor extends Agent<Floor> {
  readonly #id: number;
  #isFree = true;
  #waits = false;

  constructor(id: number) {
    super();
    this.#id = id;
  }

  static override readonly handlers = {
    enter(this: Conveyor): void {
      this.#isFree = false;
      this.setAlarm(FIRST, 'reached');
    },
    reached(this: Conveyor): void {
      this.send(this.#id + 1, 'notification');
    },
    notification(this: Conveyor): void {
      if (this.#isFree) this.#accept();
      else this.#waits = true;
    },
    acceptance(this: Conveyor): void {
      this.send(this.#id + 1, 'transfer');
      this.setAlarm(LEAVING, 'left');
    },
    transfer(this: Conveyor): void {
      if (this.#id % LENGTH < LENGTH - 1) {
        this.setAlarm(WHOLE, 'reached');
        return;
      }
      this.send('control', 'arrived');
      this.setAlarm(LEAVING, 'left');
    },
    left(this: Conveyor): void {
      this.#isFree = true;
      if (this.#waits) this.#accept();
      this.#waits = false;
    },
  };

  #accept(): void {
    this.#isFree = false;
    this.send(this.#id - 1, 'acceptance');
  }
}

/** Lets units in, one per line; when all have arrived, the next ones, or the run ends. */
class Control extends Agent<Floor> {
  readonly #lines: number;
  readonly #again: boolean;
  #underway = 0;

  constructor(lines: number, again: boolean) {
    super();
    this.#lines = lines;
    this.#again = again;
  }

  override setup(): void {
    this.#start();
  }

  static override readonly handlers = {
    arrived(this: Control): void {
      this.#underway -= 1;
      if (this.#underway > 0) return;
      if (this.#again) this.#start();
      else this.stop('arrived', this.time);
    },
  };

  #start(): void {
    this.#underway = this.#lines;
    for (let line = 0; line < this.#lines; line += 1) this.send(line * LENGTH, 'enter');
  }
}

/** Half of each line lies on either of two clusters; there is no lookahead, so there is a barrier for each round. */
export default defineModel({
  name: 'conveyors',
  params: {
    lines: { type: 'integer', default: 1, min: 1, help: 'parallel lines of 4 conveyors' },
    again: { type: 'boolean', default: false, help: 'go on with new units for ever' },
  },
  agents: [Conveyor, Control],
  place: (id, clusters) =>
    id === 'control' ? clusters - 1 : Math.floor((((id as number) % LENGTH) * clusters) / LENGTH),
  populate: ({ add, params: { lines, again } }) => {
    for (let id = 0; id < lines * LENGTH; id += 1) add(Conveyor, { id, args: [id] });
    add(Control, { id: 'control', args: [lines, again] });
  },
});

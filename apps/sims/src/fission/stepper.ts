import { type Model, type Report, resolveParams, type Scheduler } from '@troupe/core';
import type { Command } from '../command-line.ts';
import { schedulerOf } from '../model-scheduler.ts';
import { whole } from '../table.ts';
import { type KeySource, keysOf } from './keys.ts';
import fission from './model.ts';
import { Pile } from './pile.ts';

/** Pending neutrons that are shown, and that are counted. */
const SHOWN = 8;
const COUNTED = 1000;

const KEYS = '[space] next event   [r] run to the end   [q] quit';
const CLEAR = '\u001b[H\u001b[2J';

/** Where it is shown. */
export type Screen = Pick<NodeJS.WritableStream, 'write'> & { readonly isTTY?: boolean };

/** The chain reaction, an event at a time, and what there is to see of it. */
class Stepper {
  readonly #scheduler: Scheduler;
  readonly #pile: Pile;
  readonly #screen: Screen;
  #events = 0;
  /** What happened in the last step, in words. */
  #seen: string[] = [];
  #watched = true;

  constructor({ seed, params }: Pick<Command, 'seed' | 'params'>, screen: Screen) {
    this.#screen = screen;
    this.#pile = new Pile(resolveParams(fission.params as NonNullable<typeof fission.params>, params).atoms);
    this.#scheduler = schedulerOf(fission as unknown as Model, params, {
      seed,
      digest: true,
      onEvent: (event) => {
        this.#events += 1;
        if (this.#watched) this.#seen.push(this.#pile.see(event));
      },
    });
    // Sets the agents up; nothing is delivered yet.
    this.#scheduler.run({ until: 0 });
  }

  get isOver(): boolean {
    return this.#scheduler.nextTime === Number.POSITIVE_INFINITY;
  }

  /** Delivers one event; several where they are due at the very same time. */
  step(): void {
    this.#seen = [];
    while (this.#seen.length === 0 && this.#scheduler.step());
  }

  show(note: string): void {
    const events = this.#events === 1 ? '1 event' : `${whole(this.#events)} events`;
    const lines = [
      `time      ${this.#scheduler.time.toFixed(4)} s, ${events}`,
      ...this.#seen.map((text) => `event     ${text}`),
      ...this.#pile.draw().map((line, index) => `${index === 0 ? 'pile' : ''}`.padEnd(10) + line),
      ...this.#pending(),
      note,
    ];
    this.#screen.write(`${this.#screen.isTTY === true ? CLEAR : ''}${lines.join('\n')}\n\n`);
  }

  #pending(): string[] {
    const pending = this.#scheduler.pending(COUNTED);
    const count = pending.length < COUNTED ? whole(pending.length) : `${whole(COUNTED)} or more`;
    return [
      `pending   ${count}`,
      ...pending
        .slice(0, SHOWN)
        .map(({ due, from, to, topic }) => `${due.toFixed(4).padStart(16)} s  ${topic} ${from} > ${to}`),
      ...(pending.length > SHOWN ? ['               ...'] : []),
    ];
  }

  /** The report of all steps, and of what is left to run if that is to be run too. */
  finish(runOn: boolean): Report {
    this.#watched = false;
    const report = this.#scheduler.run(runOn ? {} : { until: this.#scheduler.time });
    return { ...report, events: this.#events };
  }
}

/**
 * Runs the chain reaction event by event, as its onlooker asks for them. Where there is no input at all, nobody looks
 * and it runs to its end; where the input ends later, it is as if somebody had quit.
 */
export async function stepThrough(
  command: Pick<Command, 'seed' | 'params'>,
  input: KeySource,
  screen: Screen,
): Promise<Report> {
  const stepper = new Stepper(command, screen);
  let runOn = true;
  stepper.show(KEYS);
  for await (const key of keysOf(input)) {
    runOn = key === 'run';
    if (runOn || key === 'quit') break;
    if (key === 'step') stepper.step();
    const note = key === 'step' ? KEYS : `no such key: ${KEYS}`;
    stepper.show(stepper.isOver ? 'no neutron is left' : note);
    if (stepper.isOver) break;
  }
  return stepper.finish(runOn);
}

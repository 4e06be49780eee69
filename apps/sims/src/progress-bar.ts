import type { Progress } from '@troupe/core';

const WIDTH = 30;

/** A line that shows how far a run is, on a terminal; nothing where there is none. */
export class ProgressBar {
  readonly #out: NodeJS.WriteStream;
  readonly #end: number;
  readonly #unit: (time: number) => string;
  #drawn = false;

  constructor(out: NodeJS.WriteStream, end: number, unit: (time: number) => string) {
    this.#out = out;
    this.#end = end;
    this.#unit = unit;
  }

  draw({ simTime, eventsPerSecond, ratio }: Progress): void {
    if (!this.#out.isTTY) return;
    const share = Math.min(1, simTime / this.#end);
    const filled = Math.round(share * WIDTH);
    const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
    const speed = `${(eventsPerSecond / 1e6).toFixed(2)} M events/s  ${Math.round(ratio).toLocaleString('en')} x`;
    this.#out.write(`\r  ${bar} ${this.#unit(simTime)}  ${speed}\u001b[K`);
    this.#drawn = true;
  }

  clear(): void {
    if (this.#drawn) this.#out.write('\r\u001b[K');
    this.#drawn = false;
  }
}

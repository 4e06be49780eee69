import type { Progress } from '@troupe/core';

const WIDTH = 30;

/** A line that shows how far something is, on a terminal; nothing where there is none. */
export class ProgressBar {
  readonly #out: NodeJS.WriteStream;
  #drawn = false;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  /** @param share how much is done, 0 to 1 */
  draw(share: number, text: string): void {
    if (!this.#out.isTTY) return;
    const filled = Math.round(Math.min(1, share) * WIDTH);
    const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
    this.#out.write(`\r  ${bar} ${text}\u001b[K`);
    this.#drawn = true;
  }

  clear(): void {
    if (this.#drawn) this.#out.write('\r\u001b[K');
    this.#drawn = false;
  }
}

/** How fast a run is, for a progress bar. */
export function speedOf({ eventsPerSecond, ratio }: Progress): string {
  return `${(eventsPerSecond / 1e6).toFixed(2)} M events/s  ${Math.round(ratio).toLocaleString('en')} x`;
}

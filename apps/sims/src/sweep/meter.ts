import { ProgressBar } from '../progress-bar.ts';
import { whole } from '../table.ts';

/** Milliseconds between two pictures of the bar. */
const INTERVAL = 50;

/** Counts runs, and shows on a terminal how far the sweep is. */
export class Meter {
  failed = 0;
  #done = 0;
  #drawnAt = Number.NEGATIVE_INFINITY;
  readonly #out: NodeJS.WriteStream;
  readonly #all: number;
  readonly #bar: ProgressBar;
  readonly #began = performance.now();

  constructor(out: NodeJS.WriteStream, all: number) {
    this.#out = out;
    this.#all = all;
    this.#bar = new ProgressBar(out);
    this.#draw();
  }

  count(hasFailed: boolean): void {
    this.#done += 1;
    if (hasFailed) this.failed += 1;
    if (performance.now() - this.#drawnAt >= INTERVAL) this.#draw();
  }

  /** Says something for people, beside the bar. */
  tell(line: string): void {
    this.#bar.clear();
    this.#out.write(`${line}\n`);
  }

  clear(): void {
    this.#bar.clear();
  }

  #draw(): void {
    this.#drawnAt = performance.now();
    const failed = this.failed === 0 ? '' : `, ${whole(this.failed)} failed`;
    const perRun = (this.#drawnAt - this.#began) / 1000 / this.#done;
    const left = this.#done === 0 ? '' : `, ${whole(perRun * (this.#all - this.#done))} s left`;
    this.#bar.draw(
      this.#done / this.#all,
      `${whole(this.#done)} of ${whole(this.#all)} runs${failed}${left}`,
    );
  }
}

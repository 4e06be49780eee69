import { createInterface, type Interface } from 'node:readline';
import type { Board } from './board.ts';
import { SYNTAX } from './commands.ts';

/** Where lines come from: a terminal, or anything with lines. */
export type LineSource = NodeJS.ReadableStream & { readonly isTTY?: boolean };

/** Where a market is shown. */
export type Screen = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** Milliseconds between two drawings. */
const REDRAW = 100;

const HOME = '\u001b[H';
const CLEAR = '\u001b[2J';
const CLEAR_LINE = '\u001b[K';

/**
 * A board in a terminal, drawn in place over and over, and a line to type in below it. Where there is no terminal, notes
 * are printed as they come, and lines are read as they come.
 */
export class Terminal {
  readonly #board: Board;
  readonly #input: LineSource;
  readonly #screen: Screen;
  readonly #isDrawn: boolean;
  /** While it is open. */
  #lines: Interface | undefined;
  #isHeard = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(board: Board, input: LineSource, screen: Screen) {
    this.#board = board;
    this.#input = input;
    this.#screen = screen;
    this.#isDrawn = screen.isTTY === true && input.isTTY === true;
  }

  /**
   * Begins to draw and to read; what was typed before is read now.
   *
   * @param on.isOver no line will come any more; `byHand` when somebody who sits there said so
   */
  open(on: { line(text: string): void; isOver(byHand: boolean): void }): void {
    const input = this.#input;
    const lines = createInterface(
      this.#isDrawn
        ? { input, output: this.#screen, prompt: '> ', terminal: true }
        : { input, terminal: false },
    );
    this.#lines = lines;
    this.#isHeard = true;
    lines.on('line', on.line);
    // Gives the terminal back: whoever presses Ctrl-C again ends the process.
    lines.on('SIGINT', () => lines.close());
    lines.on('close', () => {
      this.#isHeard = false;
      if (this.#lines !== undefined) on.isOver(this.#isDrawn);
    });
    if (!this.#isDrawn) return;
    this.#screen.write(CLEAR);
    this.#draw();
    this.#timer = setInterval(() => this.#draw(), REDRAW);
  }

  /** Tells what happened; `time` is simulated. */
  note(time: number | undefined, text: string): void {
    const line = this.#board.note(time, text);
    if (!this.#isDrawn) this.#screen.write(`${line}\n`);
  }

  /** Draws a last time and leaves the terminal as it was. */
  close(): void {
    const lines = this.#lines;
    if (lines === undefined) return;
    clearInterval(this.#timer);
    if (this.#isDrawn) this.#draw();
    else for (const line of this.#board.table()) this.#screen.write(`${line}\n`);
    this.#lines = undefined;
    lines.close();
    if (this.#isDrawn) this.#screen.write('\n');
  }

  #draw(): void {
    const lines = [...this.#board.draw(), '', `  ${SYNTAX}`];
    // What is typed stays: readline clears what is below, and writes its own line again.
    this.#screen.write(HOME + lines.map((line) => `${line}${CLEAR_LINE}\n`).join(''));
    if (this.#isHeard) this.#lines?.prompt(true);
  }
}

import { type Params, resolveParams } from '@troupe/core';
import { Board } from './board.ts';
import { parseLine } from './commands.ts';
import market from './model.ts';
import { listingOf, money, type Quote, VISITOR, type Wish } from './protocol.ts';
import { type LineSource, type Screen, Terminal } from './terminal.ts';

/** All parameters of a market of which these are given. */
export const paramsOf = (
  given: Readonly<Record<string, unknown>>,
): Params<NonNullable<typeof market.params>> =>
  resolveParams(market.params as NonNullable<typeof market.params>, given);

/** A board for a market with these parameters. */
function boardOf(given: Readonly<Record<string, unknown>>): Board {
  const { symbols, opening } = listingOf(paramsOf(given).instruments);
  return new Board(symbols, opening);
}

/** What is asked for, in words. */
function inWords({ buy, quantity, symbol, price }: Wish): string {
  return `${buy ? 'buy' : 'sell'} ${quantity} ${symbol} at ${money(price)}`;
}

/** What the desk needs of a market that goes on. */
export interface Floor {
  /** Sends a message to the visitor; answers when it is due. */
  send(topic: 'wish' | 'quit', body?: Wish): Promise<number | undefined>;
  /** No more messages will come. */
  close(): void;
}

/** Shows a market and takes in what is typed, which becomes messages from outside. */
export class Desk {
  readonly #board: Board;
  readonly #terminal: Terminal;
  #floor: Floor | undefined;

  constructor(params: Readonly<Record<string, unknown>>, input: LineSource, screen: Screen) {
    this.#board = boardOf(params);
    this.#terminal = new Terminal(this.#board, input, screen);
  }

  /** @param floor where messages go; left out where nobody may send any */
  open(floor?: Floor): void {
    this.#floor = floor;
    this.#terminal.open({
      line: (text) => void this.#hear(text),
      isOver: (byHand) => {
        if (byHand) void this.#hear('quit');
        else this.#floor?.close();
      },
    });
  }

  /** An agent has logged something. */
  see({ time, agent, text, data }: { time: number; agent: unknown; text: string; data: unknown }): void {
    if (agent === VISITOR) this.#terminal.note(time, text);
    else this.#board.see(time, agent as string, data as Quote);
  }

  close(): void {
    this.#floor = undefined;
    this.#terminal.close();
  }

  async #hear(line: string): Promise<void> {
    const asked = parseLine(line, this.#board.symbols);
    const floor = this.#floor;
    if (asked.kind === 'nothing') return;
    if (asked.kind === 'unknown' || floor === undefined) {
      this.#terminal.note(undefined, asked.kind === 'unknown' ? asked.why : 'nobody hears you in this run');
      return;
    }
    const text = asked.kind === 'wish' ? inWords(asked.wish) : 'quit';
    try {
      const due = await (asked.kind === 'wish' ? floor.send('wish', asked.wish) : floor.send('quit'));
      this.#terminal.note(due, text);
    } catch (error) {
      this.#terminal.note(undefined, `${text}: too late, ${(error as Error).message}`);
    }
  }
}

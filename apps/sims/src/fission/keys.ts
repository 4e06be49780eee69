import { createInterface } from 'node:readline';

/** What one may ask of the stepper. */
export type Key = 'step' | 'run' | 'quit' | 'unknown';

/** Where keys come from: a terminal, or anything with lines. */
export type KeySource = NodeJS.ReadableStream & {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
};

/** Ctrl-C, Ctrl-D, Escape: in raw mode they are keys like others. */
const QUIT = new Set(['q', 'Q', '\u0003', '\u0004', '\u001b']);

function keyOf(text: string): Key {
  if (text === '' || text === ' ' || text === '\r' || text === '\n') return 'step';
  if (QUIT.has(text)) return 'quit';
  return text === 'r' || text === 'R' ? 'run' : 'unknown';
}

/** What is typed: a key at a time on a terminal; elsewhere the first letter of each line. */
export async function* keysOf(input: KeySource): AsyncGenerator<Key, void, undefined> {
  if (input.isTTY !== true || input.setRawMode === undefined) {
    for await (const line of createInterface({ input })) yield keyOf(line.trim().slice(0, 1));
    return;
  }
  input.setRawMode(true);
  try {
    input.setEncoding('utf8');
    for await (const chunk of input) {
      const text = String(chunk).replaceAll('\r\n', '\r');
      // An arrow or a function key: it begins as Escape does.
      if (text.startsWith('\u001b') && text.length > 1) continue;
      for (const character of text) yield keyOf(character);
    }
  } finally {
    input.setRawMode(false);
  }
}

/** A line of CSV; cells that need it are quoted. Source of the quoting: RFC 4180. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\n`;
}

function csvCell(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Reads CSV as RFC 4180 has it, in pieces of any length; lines may end with LF or CRLF. Answers one row after the
 * other, and keeps no more than that.
 *
 * @throws {SyntaxError} naming the line, when a quoted cell is not closed or something follows it
 */
export async function* readCsv(pieces: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string[]> {
  let row: string[] = [];
  let cell = '';
  let line = 1;
  let state: 'start' | 'plain' | 'quoted' | 'closed' = 'start';
  const endCell = (): void => {
    row.push(cell);
    cell = '';
    state = 'start';
  };
  const endRow = (): string[] => {
    endCell();
    const ended = row;
    row = [];
    return ended;
  };
  for await (const piece of pieces) {
    for (const character of piece) {
      if (character === '\n') line += 1;
      if (state === 'quoted') {
        if (character === '"') state = 'closed';
        else cell += character;
      } else if (character === '"' && state === 'start') state = 'quoted';
      else if (character === '"' && state === 'closed') {
        cell += '"';
        state = 'quoted';
      } else if (character === ',') endCell();
      else if (character === '\n') yield endRow();
      else if (character === '\r') continue;
      else if (state === 'closed') {
        throw new SyntaxError(`line ${line}: ${JSON.stringify(character)} follows a quoted cell`);
      } else {
        cell += character;
        state = 'plain';
      }
    }
  }
  if (state === 'quoted') throw new SyntaxError(`line ${line}: a quoted cell is not closed`);
  if (row.length > 0 || state !== 'start') yield endRow();
}

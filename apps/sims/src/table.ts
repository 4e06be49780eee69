/** Rows as aligned columns; numbers, and what looks like them, to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const right = head.map((_, column) => rows.every((row) => /^[-\d,.]+( %)?$/.test(row[column] ?? '')));
  const line = (row: readonly string[]): string =>
    `  ${row
      .map((cell, column) =>
        right[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()}`;
  return [line(head), `  ${widths.map((width) => '─'.repeat(width)).join('  ')}`, ...rows.map(line)];
}

export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
export const whole = (value: number): string => Math.round(value).toLocaleString('en');
export const millions = (value: number): string => `${(value / 1e6).toFixed(2)} M`;

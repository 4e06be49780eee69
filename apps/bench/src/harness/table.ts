import type { Case, Result } from './suite.ts';

const BAR = 24;

/**
 * The results of a case as a table: figures, bars, and how many times as good each is as the last contestant, which
 * is the peer where there is one. More than 1 is better, whatever the unit.
 */
export function tableOf(entry: Case, results: readonly Result[]): string[] {
  const lines: string[] = [];
  for (const name of new Set(results.map((result) => result.case))) {
    const own = results.filter((result) => result.case === name);
    const measure = entry.also?.[name.slice(entry.name.length + 1)] ?? entry;
    const most = Math.max(...own.map(({ value }) => value));
    const base = own.at(-1)?.value ?? Number.NaN;
    const width = Math.max(...own.map(({ contestant }) => contestant.length));
    const [first] = own;
    lines.push('', `${first?.suite} ${name}   ${measure.unit}, ${measure.better} is better`);
    for (const { contestant, value } of own) {
      const bar = '█'.repeat(Math.max(1, Math.round((Math.max(0, value) / most) * BAR) || 1)).padEnd(BAR);
      const ratio = measure.better === 'more' ? value / base : base / value;
      // A growth may be below 0; then there is nothing to divide.
      const times = own.length > 1 && ratio > 0 ? `${ratio.toFixed(2).padStart(8)} ×` : '';
      lines.push(`  ${contestant.padEnd(width)} ${figure(value).padStart(14)}  ${bar}${times}`);
    }
  }
  return lines;
}

/** Whole numbers from 100 on, three digits below. */
function figure(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return value === 0 ? '0' : value.toPrecision(3);
}

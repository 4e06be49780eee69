import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type Result, race, type Suite } from './suite.ts';
import { kernel } from './suites/kernel.ts';
import { threads } from './suites/threads.ts';

const SUITES: readonly Suite[] = [kernel, threads];
const BAR = 24;

/** `npm run bench -- SUITE [--case NAME] [--runs N] [--json]`: answers the exit status. */
async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      smoke: { type: 'boolean', default: false },
      case: { type: 'string' },
      runs: { type: 'string', default: '5' },
    },
  });
  const runs = values.smoke ? 1 : Number(values.runs);
  if (!(Number.isInteger(runs) && runs >= 1)) {
    console.error(`--runs is ${JSON.stringify(values.runs)}: give a whole number, 1 or more`);
    return 2;
  }
  const [name] = positionals;
  if (name === undefined && !values.smoke) {
    console.log('npm run bench -- SUITE [--case NAME] [--runs N] [--json]\n');
    for (const suite of SUITES) {
      console.log(
        `  ${suite.name.padEnd(10)} ${suite.help} ${suite.cases.map((entry) => entry.name).join(', ')}`,
      );
    }
    return 0;
  }
  const suites = SUITES.filter((suite) => name === undefined || suite.name === name);
  const chosen = suites.flatMap((suite) =>
    suite.cases
      .filter((entry) => values.case === undefined || entry.name === values.case)
      .map((entry) => ({ suite, entry })),
  );
  if (chosen.length === 0) {
    console.error(`there is no suite ${JSON.stringify(name)} with such a case: npm run bench lists them`);
    return 2;
  }
  const header = { node: process.version, cpu: cpus()[0]?.model, cores: availableParallelism(), runs };
  console.log(
    values.json
      ? JSON.stringify(header)
      : `Node ${header.node}, ${header.cpu}, ${header.cores} cores, median of ${runs}`,
  );
  for (const { suite, entry } of chosen) {
    const results = await race(suite.name, entry, runs, values.smoke);
    for (const line of values.json ? results.map((result) => JSON.stringify(result)) : readable(results)) {
      console.log(line);
    }
  }
  return 0;
}

/** A case as a table: figures, ratios to the last contestant, bars. */
function readable(results: readonly Result[]): string[] {
  const most = Math.max(...results.map(({ value }) => value));
  const base = results.at(-1)?.value ?? 1;
  const [first] = results;
  return [
    `\n${first?.suite} ${first?.case} (${first?.unit})`,
    ...results.map(({ contestant, value }) => {
      const bar = '█'.repeat(Math.max(1, Math.round((value / most) * BAR))).padEnd(BAR);
      return `  ${contestant.padEnd(20)} ${Math.round(value).toLocaleString('en').padStart(14)}  ${bar} ${(value / base).toFixed(2)}`;
    }),
  ];
}

process.exitCode = await main(process.argv.slice(2));

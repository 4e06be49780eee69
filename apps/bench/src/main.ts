import { type Options, parseOptions, UsageError, usage } from './command-line.ts';
import { headerOf, isBuilt } from './harness/header.ts';
import { isolated } from './harness/isolated.ts';
import { race } from './harness/race.ts';
import type { Case } from './harness/suite.ts';
import { tableOf } from './harness/table.ts';
import { SUITES } from './suites.ts';

/** Contestants that a smoke test runs at the same time. */
const ABREAST = 2;

/** `npm run bench -- [SUITE] [options]`. */
async function main(options: Options): Promise<void> {
  const { smoke, json, runs } = options;
  if (options.suite === undefined && !smoke) {
    console.log(usage(SUITES));
    return;
  }
  const chosen = choose(options);
  if (!smoke && !isBuilt()) {
    throw new UsageError(
      'these are the sources, and figures are of the built packages: npm run bench builds them',
    );
  }
  const header = headerOf(runs, options.cpu ? 'cpu' : 'wall');
  console.log(json ? JSON.stringify(header) : readable(header));
  for (const { suite, entry } of chosen) {
    const results = await race(suite, entry, {
      runs,
      work: { smoke, seconds: options.seconds, clock: header.clock, lookahead: options.lookahead },
      abreast: smoke ? ABREAST : 1,
      runner: (at, contestant, work) =>
        isolated({ suite, case: at.name, contestant: contestant.name, work }, contestant),
      onSkip: (at, contestant, why) => {
        console.error(`NOT MEASURED: ${suite} ${at.name} ${contestant.name}: ${why}`);
      },
    });
    const lines = json ? results.map((result) => JSON.stringify(result)) : tableOf(entry, results);
    for (const line of lines) console.log(line);
  }
}

/** The cases that were asked for. */
function choose({ suite, only }: Options): { readonly suite: string; readonly entry: Case }[] {
  const named = SUITES.filter(({ name }) => suite === undefined || name === suite);
  const chosen = named.flatMap(({ name, cases }) =>
    cases
      .filter((entry) => only === undefined || entry.name === only)
      .map((entry) => ({ suite: name, entry })),
  );
  if (chosen.length > 0) return chosen;
  const what = named.length === 0 ? `suite ${JSON.stringify(suite)}` : `case ${JSON.stringify(only)}`;
  throw new UsageError(`there is no ${what}: npm run bench lists them`);
}

function readable({ node, v8, troupe, peers, cpu, cores, clock, runs }: ReturnType<typeof headerOf>): string {
  const others = Object.entries(peers).map(([name, version]) => `${name} ${version}`);
  return [
    `${cpu}, ${cores} cores, Node ${node} (V8 ${v8}), troupe ${troupe}; median of ${runs}`,
    `peers: ${others.join(', ')}`,
    ...(clock === 'cpu' ? ['throughputs are per second of processor time'] : []),
    '× is how many times as good as the last contestant',
  ].join('\n');
}

try {
  await main(parseOptions(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof UsageError ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

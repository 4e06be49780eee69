import { type Chosen, choose } from './choose.ts';
import { type Options, parseOptions, UsageError, usage } from './command-line.ts';
import { type Header, headerOf, isBuilt } from './harness/header.ts';
import { type Entrant, isolated, together } from './harness/processes.ts';
import { inTurn, resultsOf } from './harness/race.ts';
import type { Contestant, Outcome, Work } from './harness/suite.ts';
import { tableOf } from './harness/table.ts';
import { SUITES } from './suites.ts';

/** `npm run bench -- [SUITE] [options]`. */
async function main(options: Options): Promise<void> {
  const { smoke, runs } = options;
  if (options.suite === undefined && !smoke) {
    console.log(usage(SUITES));
    return;
  }
  const chosen = choose(SUITES, options, console.error);
  if (!smoke && !isBuilt()) {
    throw new UsageError(
      'these are the sources, and figures are of the built packages: npm run bench builds them',
    );
  }
  const header = headerOf(runs, options.cpu ? 'cpu' : 'wall');
  console.log(options.json ? JSON.stringify(header) : readable(header));
  const work: Work = { smoke, seconds: options.seconds, clock: header.clock, lookahead: options.lookahead };
  const entrant = ({ suite, entry }: Chosen, contestant: Contestant): Entrant => ({
    errand: { suite, case: entry.name, contestant: contestant.name, work },
    contestant,
  });
  if (smoke) {
    const entrants = chosen.flatMap((one) => one.entry.contestants.map((each) => entrant(one, each)));
    const outcomes = await together(entrants);
    for (const one of chosen) {
      const own = outcomes.splice(0, one.entry.contestants.length);
      print(
        one,
        own.map((outcome) => [outcome]),
        options,
      );
    }
    return;
  }
  for (const one of chosen) {
    print(one, await inTurn(one.entry.contestants, runs, (each) => isolated(entrant(one, each))), options);
  }
}

/** Prints what the contestants of a case came to, in their order. */
function print({ suite, entry }: Chosen, outcomes: readonly Outcome[][], { json }: Options): void {
  const named = entry.contestants.map(({ name }, index) => [name, outcomes[index] ?? []] as const);
  const results = resultsOf(suite, entry, named);
  for (const line of json ? results.map((result) => JSON.stringify(result)) : tableOf(entry, results)) {
    console.log(line);
  }
}

function readable({ node, v8, troupe, peers, cpu, cores, clock, runs }: Header): string {
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

import { headline } from './airline/headline.ts';
import { CATALOGUE } from './catalogue.ts';
import { helpOf, parseCommand, UsageError } from './command-line.ts';
import { runSim, toJson } from './run-sim.ts';
import { millions, whole } from './table.ts';

/** `npm run sim -- NAME [options]`: answers the exit status. */
async function main(args: readonly string[]): Promise<number> {
  const print = (line: string): void => console.log(line);
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h') {
    print('npm run sim -- NAME [options]    (--help after the name tells its options)\n');
    for (const [known, { model }] of Object.entries(CATALOGUE)) print(`  ${known.padEnd(12)} ${model.help}`);
    return 0;
  }
  const sim = Object.hasOwn(CATALOGUE, name) ? CATALOGUE[name] : undefined;
  if (sim === undefined) {
    throw new UsageError(
      `there is no sim ${JSON.stringify(name)}: npm run sim lists ${Object.keys(CATALOGUE).join(', ')}`,
    );
  }
  const command = parseCommand(rest, sim.model.params ?? {});
  if (command.help) {
    print(helpOf(name, sim.model.help ?? '', sim.model.params ?? {}));
    return 0;
  }
  if (name === 'airline' && (command.headline || !command.json) && command.until === undefined) {
    const outcome = await headline(command, command.json ? () => {} : print);
    if (command.json) print(toJson(outcome));
    return 0;
  }
  const clusters = command.clusters ?? sim.clusters;
  const outcome = await runSim(sim, command, { clusters, transport: command.transport });
  if (command.json) {
    print(toJson(outcome));
    return 0;
  }
  const { report, results } = outcome;
  for (const line of sim.describe(results, report)) print(line);
  const clusterWord = clusters === 1 ? 'cluster' : 'clusters';
  print(
    `ended     ${report.reason} at ${report.simTime} s, ${whole(report.events)} events in ${clusters} ${clusterWord}`,
  );
  print(
    `speed     ${millions(report.events / report.wallTime)} events/s, ${whole(report.ratio)} times real time`,
  );
  print(`messages  ${whole(report.local)} within clusters, ${whole(report.remote)} between`);
  print(`digest    ${report.digest}`);
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const expected = error instanceof UsageError || (error as { code?: unknown }).code === 'ERR_TROUPE_PARAM';
  console.error(expected ? (error as Error).message : error);
  process.exitCode = expected ? 2 : 1;
}

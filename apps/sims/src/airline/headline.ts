import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Progress, Simulation } from '@troupe/core';
import { CATALOGUE, type Sim } from '../catalogue.ts';
import type { Command } from '../command-line.ts';
import { ProgressBar, speedOf } from '../progress-bar.ts';
import { type Outcome, runSim } from '../run-sim.ts';
import { millions, percent, table, whole } from '../table.ts';
import { type AirportReport, DAY, DAYS, residents, traffic } from './model.ts';
import { type AirlinePageData, renderPage } from './page.ts';

const LARGEST = 10;

/** The headline: the year on two threads, what came of it, a page to look at, and the proof that one thread agrees. */
export async function headline(command: Command, print: (line: string) => void): Promise<Outcome> {
  const sim = CATALOGUE['airline'] as Sim;
  const clusters = command.clusters ?? sim.clusters;
  print(
    `A year of US air traffic: ${whole(traffic().flights)} flights, ${traffic().places.length} airports, ${where(command.transport, clusters)}.`,
  );
  const bar = new ProgressBar(process.stderr);
  const onProgress = (progress: Progress): void => {
    const day = String(Math.floor(progress.simTime / DAY)).padStart(3);
    bar.draw(progress.simTime / ((DAYS + 0.5) * DAY), `day ${day} of ${DAYS}  ${speedOf(progress)}`);
  };
  const watch = (simulation: Simulation): void => void simulation.on('progress', onProgress);
  const outcome = await runSim(sim, command, { clusters, transport: command.transport }, watch);
  bar.clear();
  const { report, results } = outcome;
  const data = pageData(outcome, command);
  print('');
  for (const line of table(
    ['airport', 'city', 'flights', 'arrival day', 'peak day', 'infectious then', 'attack rate'],
    data.airports
      .slice(0, LARGEST)
      .map((airport) => [
        airport.iata,
        airport.city,
        whole(airport.flights),
        airport.arrivalDay === null ? 'never' : String(airport.arrivalDay),
        String(airport.peakDay),
        whole(airport.peakInfectious),
        percent(airport.attackRate),
      ]),
  )) {
    print(line);
  }
  print('');
  print(
    `  flights    ${whole(results['flights'] as number)} flown, ${whole(results['people'] as number)} people, none lost`,
  );
  print(
    `  epidemic   from ${data.origin}, peak on day ${results['peakDay']} with ${whole(results['peakInfectious'] as number)} infectious, ${percent(results['attackRate'] as number)} infected in the end`,
  );
  print(
    `  speed      ${millions(report.events / report.wallTime)} events/s, ${whole(report.ratio)} simulated seconds per second, ${report.wallTime.toFixed(1)} s`,
  );
  print(
    `  messages   ${percent(data.figures.remoteShare)} between clusters, ${whole(report.barriers)} barriers`,
  );
  for (const [label, text] of outcome.placing) print(`  ${label.padEnd(10)} ${text}`);
  const page = command.page ?? join(import.meta.dirname, '..', '..', 'out', 'airline.html');
  mkdirSync(dirname(page), { recursive: true });
  writeFileSync(page, renderPage(data));
  print(`  page       ${relative(process.cwd(), page)}  (${pathToFileURL(page).href})`);
  print('');

  const { placement: _, ...plain } = command;
  const alone = await runSim(sim, plain, { clusters: 1, transport: 'in-process' }, watch);
  bar.clear();
  const same = alone.report.digest === report.digest;
  const speedUp = alone.report.wallTime / report.wallTime;
  print(
    same
      ? `Same digest in one thread and ${where(command.transport, clusters)}: ${report.digest} (${alone.report.wallTime.toFixed(1)} s against ${report.wallTime.toFixed(1)} s, ${speedUp.toFixed(2)} times as fast).`
      : `DIFFERENT digests: ${alone.report.digest} in one thread, ${report.digest} ${where(command.transport, clusters)}.`,
  );
  if (!same) throw new Error('the digests differ: please report this with the lines above');
  return outcome;
}

function where(transport: string, clusters: number): string {
  if (clusters === 1) return `in one cluster, ${transport}`;
  return transport === 'threads' ? `on ${clusters} threads` : `in ${clusters} clusters, ${transport}`;
}

/** What the page shows. */
function pageData({ report }: Outcome, command: Pick<Command, 'params' | 'seed'>): AirlinePageData {
  const { places, routes } = traffic();
  const reports = report.results['airport'] as Record<string, AirportReport>;
  const indexes = new Map(places.map((place, index) => [place.iata, index]));
  const airports = places.map((place) => {
    const own = reports[place.iata] as AirportReport;
    const peakInfectious = Math.max(...own.infectious);
    const { susceptible, exposed, infectious, recovered } = own.people;
    return {
      iata: place.iata,
      city: place.city,
      state: place.state,
      latitude: place.latitude,
      longitude: place.longitude,
      people: residents(place),
      flights: place.flights,
      arrivalDay: own.arrivalDay,
      peakDay: own.infectious.indexOf(peakInfectious),
      peakInfectious,
      attackRate: 1 - susceptible / (susceptible + exposed + infectious + recovered),
      infectious: Array.from(own.infectious),
    };
  });
  const total = (state: 'susceptible' | 'exposed' | 'infectious' | 'recovered'): number[] =>
    Array.from({ length: DAYS }, (_, day) =>
      Object.values(reports).reduce((sum, airport) => sum + (airport[state][day] as number), 0),
    );
  return {
    seed: command.seed,
    digest: report.digest,
    days: DAYS,
    origin: String(command.params['origin'] ?? 'JFK'),
    airports,
    totals: {
      susceptible: total('susceptible'),
      exposed: total('exposed'),
      infectious: total('infectious'),
      recovered: total('recovered'),
    },
    routes: routes.map(
      ({ from, to, flights }) => [indexes.get(from) as number, indexes.get(to) as number, flights] as const,
    ),
    figures: {
      events: report.events,
      eventsPerSecond: report.events / report.wallTime,
      ratio: report.ratio,
      remoteShare: report.remote / (report.local + report.remote),
      clusters: report.clusters.length,
    },
  };
}

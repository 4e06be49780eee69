// The differential suite for as long as one likes: `npm run test:long -- --minutes 5`. See docs/determinism.md.
import { parseArgs } from 'node:util';
import { search } from '../../../packages/core/test/fixtures/differential/property.ts';
import { SETTINGS } from './fixtures/settings.ts';

type Place = keyof typeof SETTINGS;

/** Models between two lines of output: some seconds of each. */
const PORTIONS: Record<Place, number> = { 'in-process': 500, threads: 20 };

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    on: { type: 'string', default: Object.keys(SETTINGS).join(',') },
    seed: { type: 'string' },
    path: { type: 'string' },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed ?? Date.now() % 1e9);
const places = values.on.split(',') as Place[];
const unknown = places.find((place) => !Object.hasOwn(SETTINGS, place));
if (unknown !== undefined || !(minutes > 0) || !Number.isInteger(seed)) {
  console.error(
    'Usage: npm run test:long -- [--minutes N] [--seed N] [--path P] [--on PLACE]\n' +
      `N minutes, 30 by default; places are ${Object.keys(SETTINGS).join(' and ')}, both by default.`,
  );
  process.exit(2);
}
if (values.path === undefined) await go();
else
  report(
    await search(places[0] as Place, SETTINGS[places[0] as Place], { numRuns: 1, seed, path: values.path }),
  );

/** Portions with seeds of their own, in turn on each place, until the time is over or one fails. */
async function go(): Promise<void> {
  console.log(`seed ${seed}, ${minutes} minutes, on ${places.join(' and ')}`);
  const end = performance.now() + minutes * 60_000;
  let models = 0;
  for (let portion = 0; performance.now() < end; portion += 1) {
    const place = places[portion % places.length] as Place;
    const numRuns = PORTIONS[place];
    const found = await search(place, SETTINGS[place], { numRuns, seed: seed + portion });
    if (found !== undefined) {
      report(found);
      return;
    }
    models += numRuns;
    const left = Math.max(0, (end - performance.now()) / 60_000).toFixed(1);
    console.log(
      `${place.padEnd(10)} seed ${seed + portion}: ${numRuns} models agree; ${models} in all, ${left} minutes left`,
    );
  }
  console.log(`${models} models agree.`);
}

function report(found: string | undefined): void {
  console.log(found ?? 'The courses agree.');
  if (found !== undefined) process.exitCode = 1;
}

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** An airport that flights leave from or go to. */
export interface Place {
  readonly iata: string;
  readonly city: string;
  readonly state: string;
  readonly latitude: number;
  readonly longitude: number;
  /** Departures in a year. */
  readonly flights: number;
}

interface Route {
  readonly from: string;
  readonly to: string;
  /** Flights in a year. */
  readonly flights: number;
  /** Great-circle distance in kilometres. */
  readonly distance: number;
}

export interface Traffic {
  /** By departures, most first, then by code. */
  readonly places: readonly Place[];
  readonly routes: readonly Route[];
  /** Flights in a year, all routes together. */
  readonly flights: number;
}

const EARTH_RADIUS = 6371;

/**
 * A year of US air traffic: `airports.csv` and `flights-airport.csv` of the npm package vega-datasets, which has them
 * from the Bureau of Transportation Statistics (2008).
 */
export function loadTraffic(): Traffic {
  const require = createRequire(import.meta.url);
  const folder = join(dirname(require.resolve('vega-datasets')), '..', 'data');
  const rows = parseCsv(readFileSync(join(folder, 'flights-airport.csv'), 'utf8'));
  const airports = new Map(
    parseCsv(readFileSync(join(folder, 'airports.csv'), 'utf8')).map((row) => [row['iata'] as string, row]),
  );
  const departures = new Map<string, number>();
  let flights = 0;
  for (const { origin = '', destination = '', count } of rows) {
    departures.set(origin, (departures.get(origin) ?? 0) + Number(count));
    if (!departures.has(destination)) departures.set(destination, 0);
    flights += Number(count);
  }
  const places = [...departures]
    .map(([iata, outbound]): Place => {
      const row = airports.get(iata);
      if (row === undefined)
        throw new Error(`flights-airport.csv names ${iata}, which airports.csv does not place`);
      return {
        iata,
        city: row['city'] as string,
        state: row['state'] as string,
        latitude: Number(row['latitude']),
        longitude: Number(row['longitude']),
        flights: outbound,
      };
    })
    .sort((a, b) => b.flights - a.flights || (a.iata < b.iata ? -1 : 1));
  const byCode = new Map(places.map((place) => [place.iata, place]));
  const routes = rows.map(({ origin, destination, count }): Route => {
    const from = byCode.get(origin as string) as Place;
    const to = byCode.get(destination as string) as Place;
    return { from: from.iata, to: to.iata, flights: Number(count), distance: distance(from, to) };
  });
  return { places, routes, flights };
}

/** Great-circle distance in kilometres, by the haversine formula. */
function distance(a: Place, b: Place): number {
  const radians = Math.PI / 180;
  const dLatitude = ((b.latitude - a.latitude) * radians) / 2;
  const dLongitude = ((b.longitude - a.longitude) * radians) / 2;
  const chord =
    Math.sin(dLatitude) * Math.sin(dLatitude) +
    Math.cos(a.latitude * radians) *
      Math.cos(b.latitude * radians) *
      Math.sin(dLongitude) *
      Math.sin(dLongitude);
  return 2 * EARTH_RADIUS * Math.asin(Math.sqrt(chord));
}

/** Rows of a CSV file whose first line names the columns; fields may be quoted. */
function parseCsv(text: string): Record<string, string>[] {
  const [head = [], ...rows] = text
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map((line) =>
      [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)]
        .slice(0, -1)
        .map(([, field = '']) => unquote(field)),
    );
  return rows.map((row) => Object.fromEntries(head.map((name, index) => [name, row[index] ?? ''])));
}

function unquote(field: string): string {
  return field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field;
}

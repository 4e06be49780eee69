import { createHash } from 'node:crypto';
import { Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { type AirlinePageData, renderPage } from '../src/airline/page.ts';

const DAYS = 365;

/** A wave that reaches one airport after the other, over a grid of places between the coasts. */
function sample(count: number, size = 20_000): AirlinePageData {
  const wave = (start: number, people: number) =>
    Array.from({ length: DAYS }, (_, day) =>
      day < start ? 0 : Math.round(0.15 * people * Math.exp(-(((day - start - 60) / 30) ** 2))),
    );
  const airports = Array.from({ length: count }, (_, k) => {
    const people = size * (k + 1);
    const infectious = wave(k % 120, people);
    return {
      iata: `A${String(k).padStart(2, '0')}`,
      city: `City ${k}`,
      state: 'KS',
      latitude: 31 + (k % 16),
      longitude: -121 + ((k * 7) % 45),
      people,
      flights: 100 * (k + 1),
      arrivalDay: infectious.findIndex((value) => value > 0),
      peakDay: (k % 120) + 60,
      peakInfectious: Math.max(...infectious),
      attackRate: 0.8,
      infectious,
    };
  });
  const everyone = airports.reduce((sum, { people }) => sum + people, 0);
  const total = Array.from({ length: DAYS }, (_, day) =>
    airports.reduce((sum, { infectious }) => sum + infectious[day]!, 0),
  );
  return {
    seed: 7,
    digest: 'c0ffee',
    days: DAYS,
    origin: 'A00',
    airports,
    totals: {
      susceptible: total.map((value) => everyone - 2 * value),
      exposed: total.map(() => 0),
      infectious: total,
      recovered: total,
    },
    routes: airports.flatMap((_, k) => [1, 2, 3].map((step) => [k, (k + step) % count, 40 + k] as const)),
    figures: {
      events: 1_234_567,
      eventsPerSecond: 98_765.4,
      ratio: 54_321.2,
      remoteShare: 0.25,
      clusters: 4,
    },
  };
}

const one = (page: string, pattern: RegExp) => pattern.exec(page)?.[1] ?? '';
const dataOf = (page: string) =>
  JSON.parse(one(page, /<script id="data" type="application\/json">(.*?)<\/script>/s));

/** The page's packed numbers. */
function unpack(text: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let scale = 1;
  for (const byte of Buffer.from(text, 'base64')) {
    value += (byte % 128) * scale;
    scale *= 128;
    if (byte > 127) continue;
    numbers.push(value % 2 === 1 ? -(value + 1) / 2 : value / 2);
    value = 0;
    scale = 1;
  }
  return numbers;
}

describe('the page of the airline model', () => {
  const data = sample(12);
  const page = renderPage(data);

  it('has a circle and an option for each airport, ten rows and the figures', () => {
    expect(page.match(/<circle data-at=/g)).toHaveLength(12);
    expect(page.match(/<option /g)).toHaveLength(12);
    expect(page.match(/<tr data-at=/g)).toHaveLength(10);
    expect(page).toContain('7,800 flights on 36 routes between 12 airports');
    expect(page).toContain('<tr data-at="11"><th scope="row"><button type="button"><b>A11</b>');
    for (const text of ['1,234,567', '98,765', '54,321 : 1', '25.0%', 'c0ffee']) expect(page).toContain(text);
  });

  it('carries every series and route in full', () => {
    const { days, series, routes } = dataOf(page);
    const differences = unpack(series);
    const { susceptible, exposed, infectious, recovered } = data.totals;
    const expected = [
      ...data.airports.map((airport) => airport.infectious),
      susceptible,
      exposed,
      infectious,
      recovered,
    ];
    expect(differences).toHaveLength(expected.length * days);
    expected.forEach((values, k) => {
      let sum = 0;
      const decoded = differences.slice(k * days, (k + 1) * days).map((step) => (sum += step));
      expect(decoded).toEqual(values);
    });
    const flights = data.routes.reduce((sum, route) => sum + route[2], 0);
    expect(unpack(routes).reduce((sum, value, k) => (k % 3 === 2 ? sum + value : sum), 0)).toBe(flights);
  });

  it('lets nothing run or load but its own script and style', () => {
    const policy = one(page, /http-equiv="Content-Security-Policy" content="([^"]*)"/);
    const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    const script = one(page, /<script>(.*?)<\/script>/s);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`script-src ${hash(script)};`);
    expect(policy).toContain(`style-src ${hash(one(page, /<style>(.*?)<\/style>/s))};`);
    expect(() => new Script(script)).not.toThrow();
    expect(page).not.toMatch(/\s(?:src|style|on\w+)=/);
    expect(page.match(/https?:\/\/[^'"\s]*/g)).toEqual(['http://www.w3.org/2000/svg']);
  });

  it('escapes what comes from the data', () => {
    const city = `</script><script>alert('1')</script>"&`;
    const airports = data.airports.map((airport) => ({ ...airport, city, iata: `<i>${airport.iata}` }));
    const hostile = renderPage({ ...data, origin: '<i>A00', digest: '<b>', airports });
    expect(hostile).not.toContain('<script>alert');
    expect(hostile).not.toContain('<i>A');
    expect(hostile).not.toContain('<b></code>');
    expect(hostile).toContain('&lt;/script&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;');
    expect(dataOf(hostile).airports[0][1]).toBe(`${city}, KS (<i>A00)`);
    expect(hostile.match(/<\/script>/g)).toHaveLength(2);
  });

  it('shows places that are not on the mainland', () => {
    const [airport] = data.airports;
    const at = (iata: string, latitude: number, longitude: number) => ({
      ...airport!,
      iata,
      latitude,
      longitude,
    });
    const airports = [
      at('SJU', 18.44, -66),
      at('HNL', 21.3, -157.9),
      at('ADK', 51.9, -176.6),
      at('GUM', 13.5, 144.8),
    ];
    const islands = renderPage({ ...data, origin: 'SJU', airports, routes: [[0, 3, 5]] });
    expect(dataOf(islands).offMap).toEqual([3]);
    expect(islands).toContain('Outside the map: City 0, KS (GUM).');
    const width = 1005;
    for (const [, x, y] of islands.matchAll(/<circle data-at="\d+" cx="([^"]*)" cy="([^"]*)"/g)) {
      expect(Number(x)).toBeGreaterThan(-30);
      expect(Number(x)).toBeLessThan(width - 30);
      expect(Number(y)).toBeGreaterThan(0);
    }
    expect(renderPage(data)).not.toContain('Outside the map');
  });

  it('leaves out a city and state that are unknown', () => {
    const airports = data.airports.map((airport) => ({
      ...airport,
      city: 'NA',
      state: 'NA',
      arrivalDay: null,
    }));
    const bare = renderPage({ ...data, airports });
    expect(bare).toContain('<option value="0">A00</option>');
    expect(bare).toContain('<td>never</td>');
  });

  it('is the same text for the same data', () => {
    expect(renderPage(sample(12))).toBe(page);
  });

  it('stays below 1.5 MB for 305 airports', () => {
    expect(renderPage(sample(305)).length).toBeLessThan(1_500_000);
  });
});

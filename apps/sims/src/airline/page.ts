// The result of a run as one HTML page that needs no network: a map by day, curves, a table.
import { createHash } from 'node:crypto';
import { CLIENT } from './page-client.ts';
import { drawMap, type UsMap } from './page-map.ts';
import { RAMP_DARK, RAMP_LIGHT, STYLE } from './page-style.ts';

export interface AirlinePageData {
  readonly seed: number;
  readonly digest: string;
  readonly days: number;
  /** The airport where the infection starts. */
  readonly origin: string;
  readonly airports: readonly {
    readonly iata: string;
    readonly city: string;
    readonly state: string;
    readonly latitude: number;
    readonly longitude: number;
    /** Residents at day 0. */
    readonly people: number;
    /** Departures in the year. */
    readonly flights: number;
    /** The first day with an infectious person there. */
    readonly arrivalDay: number | null;
    readonly peakDay: number;
    readonly peakInfectious: number;
    /** 0 to 1. */
    readonly attackRate: number;
    /** One per day. */
    readonly infectious: readonly number[];
  }[];
  /** One per day. */
  readonly totals: {
    readonly susceptible: readonly number[];
    readonly exposed: readonly number[];
    readonly infectious: readonly number[];
    readonly recovered: readonly number[];
  };
  /** Indexes into `airports`. */
  readonly routes: readonly (readonly [from: number, to: number, flights: number])[];
  readonly figures: {
    readonly events: number;
    readonly eventsPerSecond: number;
    /** Simulated time per wall-clock time. */
    readonly ratio: number;
    /** The share of messages between clusters, 0 to 1. */
    readonly remoteShare: number;
    readonly clusters: number;
  };
}

type Airport = AirlinePageData['airports'][number];

const TABLE_ROWS = 10;
const MAP_CODES = 12;

/** The whole page. The same data give the same text. */
export function renderPage(data: AirlinePageData): string {
  const map = drawMap(data.airports, MAP_CODES);
  const policy = [
    "default-src 'none'",
    `script-src '${sha256(CLIENT)}'`,
    `style-src '${sha256(STYLE)}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Troupe: an epidemic over a year of US air traffic</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>An epidemic over a year of US air traffic</h1>
<p>${introduction(data)}</p>
</header>
<noscript><p class="note">The map's colours, the curves and the day slider need JavaScript.</p></noscript>
<main>
<div class="stage">
<div class="map">
${mapSvg(data, map)}
<div id="tip" hidden><b></b><span></span><span></span></div>
</div>
${LEGEND}
${aside(data)}
</div>
${CONTROLS}
<div id="chart-box"><svg id="chart" role="img" aria-label="Curves over the year: people by state, and the infectious share"></svg></div>
<section class="below">
<h2>The ${Math.min(TABLE_ROWS, data.airports.length)} largest airports</h2>
${table(data)}
</section>
</main>
${footer(data, map)}
<script id="data" type="application/json">${clientData(data, map)}</script>
<script>${CLIENT}</script>
</body>
</html>
`;
}

const LEGEND = `<div class="legend">
<div>Infectious share of residents, by colour (square-root scale)<svg id="scale" width="300" height="30"></svg></div>
<div>Residents, by area<svg id="sizes" width="200" height="34"></svg></div>
</div>`;

const CONTROLS = `<div class="controls">
<button id="play" type="button" aria-label="Play"><svg width="15" height="15" viewBox="0 0 15 15" aria-hidden="true"><path id="icon" d="M3 1l11 6.5L3 14z"/></svg></button>
<output for="day" aria-live="off"><span id="label">day 0</span> <span class="now">· <span id="now"></span></span></output>
<input id="day" type="range" min="0" max="0" value="0" step="1" aria-label="Day of the year" autocomplete="off">
</div>`;

function introduction(data: AirlinePageData): string {
  const origin = data.airports.find(({ iata }) => iata === data.origin);
  const flights = data.airports.reduce((sum, airport) => sum + airport.flights, 0);
  return (
    `${count(flights)} flights on ${count(data.routes.length)} routes between ${count(data.airports.length)} ` +
    `airports carry people for ${data.days} days. An infection that starts in ` +
    `${escaped(origin ? nameOf(origin) : data.origin)} travels with them.`
  );
}

function mapSvg(data: AirlinePageData, map: UsMap): string {
  const { left, width, height, frame } = map;
  const order = data.airports
    .map((_, index) => index)
    .sort((a, b) => map.spots[b]!.radius - map.spots[a]!.radius);
  const circles = order.map((index) => {
    const { x, y, radius } = map.spots[index]!;
    return `<circle data-at="${index}" cx="${x}" cy="${y}" r="${radius}"/>`;
  });
  const codes = map.captions.map(
    ({ airport, x, y, anchor }) =>
      `<text x="${x}" y="${y}" text-anchor="${anchor}">${escaped(data.airports[airport]!.iata)}</text>`,
  );
  const names = map.outside.map((index) => {
    const { x, y, radius } = map.spots[index]!;
    return `<text class="place" x="${x}" y="${y + radius + 11}" text-anchor="middle">${escaped(data.airports[index]!.iata)}</text>`;
  });
  if (map.outside.length > 0) {
    names.push(`<text class="place" x="0" y="${map.spots[map.outside[0]!]!.y + 4}">Outside the map</text>`);
  }
  return `<svg id="map" viewBox="${left} 0 ${width} ${height}" role="img" aria-label="Map of the airports, coloured by the infectious share on the chosen day">
<path class="land" d="${map.land}"/><path class="borders" d="${map.borders}"/>
<rect class="frame" x="${frame.x}" y="${frame.y}" width="${frame.width}" height="${frame.height}"/><path class="land" d="${map.islands}"/>
<text class="place" x="${frame.x + frame.width}" y="${frame.y - 6}" text-anchor="end">Puerto Rico, Virgin Islands</text>
<g id="routes" class="arcs"></g><g id="spokes" class="arcs"></g>
<g id="spots" class="spots">${circles.join('')}</g>
<g class="codes">${codes.join('')}</g><g>${names.join('')}</g>
<circle id="hover" class="ring hover" r="0"/><circle id="ring" class="ring" r="0"/>
</svg>`;
}

function aside(data: AirlinePageData): string {
  const states = ['Susceptible', 'Exposed', 'Infectious', 'Recovered'].map(
    (name, k) =>
      `<tr><th scope="row" class="${name[0]!.toLowerCase()}"><i></i>${name}</th><td id="n${k}"></td><td id="p${k}"></td></tr>`,
  );
  const options = data.airports
    .map((airport, index) => ({ index, name: nameOf(airport) }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.index - b.index))
    .map(({ index, name }) => `<option value="${index}">${escaped(name)}</option>`);
  const row = (name: string, first: string, second = '') =>
    `<tr><th scope="row">${name}</th><td id="${first}"></td><td${second && ` id="${second}"`}></td></tr>`;
  return `<aside>
<div>
<div class="day" id="day-number"></div><div class="date" id="date"></div>
<table>${states.join('')}<tr><th scope="row">Airports reached</th><td id="reached"></td><td>of ${count(data.airports.length)}</td></tr></table>
</div>
<div>
<h2 id="pick-name">Airport</h2>
<select id="pick" aria-labelledby="pick-name" autocomplete="off">${options.join('')}</select>
<table>
${row('Residents', 'own-people')}
${row('Infectious on this day', 'own-n', 'own-p')}
${row('First infectious', 'own-arrival')}
${row('Peak', 'own-peak')}
${row('Infectious at peak', 'own-peak-n', 'own-peak-p')}
<tr><th scope="row" colspan="2">Attack rate</th><td id="own-attack"></td></tr>
</table>
</div>
</aside>`;
}

function table(data: AirlinePageData): string {
  const largest = data.airports
    .map((airport, index) => ({ airport, index }))
    .sort((a, b) => b.airport.people - a.airport.people || a.index - b.index)
    .slice(0, TABLE_ROWS);
  const rows = largest.map(({ airport, index }) => {
    const cells = [
      [' class="minor"', count(airport.people)],
      [' class="minor"', count(airport.flights)],
      ['', airport.arrivalDay === null ? 'never' : count(airport.arrivalDay)],
      ['', airport.arrivalDay === null ? '–' : count(airport.peakDay)],
      ['', count(airport.peakInfectious)],
      [' class="minor"', percent(airport.people > 0 ? airport.peakInfectious / airport.people : 0)],
      ['', percent(airport.attackRate)],
    ].map(([attributes, text]) => `<td${attributes}>${text}</td>`);
    const place = escaped(placeOf(airport));
    const name = `<button type="button"><b>${escaped(airport.iata)}</b><span class="city">${place}</span></button>`;
    return `<tr data-at="${index}"><th scope="row">${name}</th>${cells.join('')}</tr>`;
  });
  return `<div class="scroll"><table class="largest">
<thead><tr><th scope="col">Airport</th><th scope="col" class="minor">Residents</th><th scope="col" class="minor">Departures</th><th scope="col">First infectious, day</th><th scope="col">Peak, day</th><th scope="col">Infectious at peak</th><th scope="col" class="minor">Share at peak</th><th scope="col">Attack rate</th></tr></thead>
<tbody>${rows.join('')}</tbody>
</table></div>`;
}

function footer(data: AirlinePageData, map: UsMap): string {
  const { events, eventsPerSecond, ratio, remoteShare, clusters } = data.figures;
  const figures = [
    ['Seed', String(data.seed)],
    ['Events', count(events)],
    ['Events per second', count(Math.round(eventsPerSecond))],
    ['Simulated / wall time', `${ratio >= 100 ? count(Math.round(ratio)) : ratio.toPrecision(3)} : 1`],
    ['Clusters', count(clusters)],
    ['Messages between clusters', percent(remoteShare)],
  ].map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`);
  const outside = map.outside.map((index) => escaped(nameOf(data.airports[index]!)));
  const aside = outside.length > 0 ? ` Outside the map: ${outside.join('; ')}.` : '';
  return `<footer>
<dl>${figures.join('')}<div class="wide"><dt>Digest of the run</dt><dd><code>${escaped(data.digest)}</code></dd></div></dl>
<p class="note">Airports, flight counts (2008) and outlines: vega-datasets. The epidemic is invented; this is no forecast. A figure for a day is the state at its end. The lower chart's band leaves out the tenth of the airports with the highest and the tenth with the lowest share.${aside}</p>
</footer>`;
}

/** What the script needs, small: places are projected, numbers packed. */
function clientData(data: AirlinePageData, map: UsMap): string {
  const days = data.totals.infectious.length;
  const { susceptible, exposed, infectious, recovered } = data.totals;
  const series = [
    ...data.airports.map((airport) => airport.infectious),
    susceptible,
    exposed,
    infectious,
    recovered,
  ];
  const airports = data.airports.map((airport, index) => {
    const { x, y, radius } = map.spots[index]!;
    const { iata, people, arrivalDay, peakDay, peakInfectious, attackRate } = airport;
    const attack = Number(attackRate.toPrecision(5));
    return [iata, nameOf(airport), people, arrivalDay, peakDay, peakInfectious, attack, x, y, radius];
  });
  const { top, clipped } = scaleTop(data.airports);
  const json = JSON.stringify({
    days,
    origin: data.origin,
    top,
    clipped,
    rampLight: RAMP_LIGHT,
    rampDark: RAMP_DARK,
    offMap: map.outside,
    airports,
    routes: pack(pairs(data.routes).flat()),
    series: pack(series.flatMap((values) => differences(values, days))),
  });
  return json.replaceAll('<', '\\u003c');
}

/** Both directions of a route as one, the busiest first. */
function pairs(routes: AirlinePageData['routes']): [number, number, number][] {
  const both = new Map<string, [number, number, number]>();
  for (const [from, to, flights] of routes) {
    const key = from < to ? `${from} ${to}` : `${to} ${from}`;
    const known = both.get(key);
    if (known) known[2] += flights;
    else both.set(key, [Math.min(from, to), Math.max(from, to), flights]);
  }
  return [...both.values()].sort((a, b) => b[2] - a[2] || a[0] - b[0] || a[1] - b[1]);
}

function differences(values: readonly number[], length: number): number[] {
  return Array.from({ length }, (_, day) => (values[day] ?? 0) - (values[day - 1] ?? 0));
}

/** Integers as zigzag varints (seven bits a byte, the low ones first) in base64. */
function pack(numbers: readonly number[]): string {
  const bytes: number[] = [];
  for (const number of numbers) {
    const integer = Math.round(number);
    let rest = integer < 0 ? -2 * integer - 1 : 2 * integer;
    for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
    bytes.push(rest);
  }
  return Buffer.from(bytes).toString('base64');
}

/** The upper end of the colour scale: a round share that nine in ten airports never exceed. */
function scaleTop(airports: readonly Airport[]): { top: number; clipped: boolean } {
  const peaks = airports
    .filter(({ people, peakInfectious }) => people > 0 && peakInfectious > 0)
    .map(({ people, peakInfectious }) => peakInfectious / people)
    .sort((a, b) => a - b);
  const wanted = Math.max(0.001, peaks[Math.floor((peaks.length - 1) * 0.9)] ?? 0);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const factor = [1, 1.5, 2, 3, 4, 5, 6, 8].find((step) => step * power >= wanted * 0.999) ?? 10;
  const top = Number(Math.min(1, factor * power).toPrecision(3));
  return { top, clipped: (peaks.at(-1) ?? 0) > top };
}

/** Some airports of the dataset lack a city and a state; they have "NA". */
function placeOf({ city, state }: Airport): string {
  return [city, state].filter((part) => part !== '' && part !== 'NA').join(', ');
}

function nameOf(airport: Airport): string {
  const place = placeOf(airport);
  return place === '' ? airport.iata : `${place} (${airport.iata})`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function percent(share: number): string {
  if (share > 0 && share < 0.0001) return '&lt;0.01%';
  return `${(share * 100).toFixed(share > 0 && share < 0.01 ? 2 : 1)}%`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

function sha256(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

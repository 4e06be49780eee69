// The map under the airports: outlines of the states and the airports' places on it, in SVG units.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import {
  type GeoPermissibleObjects,
  type GeoStream,
  type GeoStreamWrapper,
  geoAlbersUsa,
  geoConicEqualArea,
  geoPath,
} from 'd3-geo';
import { merge, mesh } from 'topojson-client';
import type { GeometryCollection, MultiPolygon, Polygon, Topology } from 'topojson-specification';

interface Located {
  readonly latitude: number;
  readonly longitude: number;
  readonly people: number;
}

interface Spot {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

interface Caption {
  readonly airport: number;
  readonly x: number;
  readonly y: number;
  readonly anchor: 'start' | 'middle' | 'end';
}

export interface UsMap {
  readonly left: number;
  readonly width: number;
  readonly height: number;
  /** Path data: the land of the states, and the borders between them. */
  readonly land: string;
  readonly borders: string;
  /** Puerto Rico and the Virgin Islands, in a frame of their own. */
  readonly islands: string;
  readonly frame: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  /** One per airport. */
  readonly spots: readonly Spot[];
  /** Airports outside every projection; they stand in a row below the map. */
  readonly outside: readonly number[];
  /** Where the codes of the largest airports fit. */
  readonly captions: readonly Caption[];
}

type States = Topology<{ states: GeometryCollection }>;
type Area = Polygon | MultiPolygon;

/** The western Aleutians lie left of the usual frame of this projection. */
const LEFT = -30;
const WIDTH = 975;
const HEIGHT = 610;
const LARGEST = 16;
const SMALLEST = 1.5;
const FRAME = { x: 862, y: 548, width: 108, height: 52 };
/** FIPS codes from 60 on are territories; the dataset has Puerto Rico (72) and the Virgin Islands (78). */
const FIRST_TERRITORY = 60;

const mainland = geoAlbersUsa()
  .scale(1300)
  .translate([WIDTH / 2, HEIGHT / 2]);
const caribbean = geoConicEqualArea()
  .rotate([65.93, 0])
  .center([0, 18.12])
  .parallels([16, 20])
  .scale(2000)
  .translate([FRAME.x + FRAME.width / 2, FRAME.y + FRAME.height / 2])
  .clipExtent([
    [FRAME.x, FRAME.y],
    [FRAME.x + FRAME.width, FRAME.y + FRAME.height],
  ]);

let outlines: Pick<UsMap, 'land' | 'borders' | 'islands'> | undefined;

/** Draws the map for these airports; the outlines are read and projected once per process. */
export function drawMap(airports: readonly Located[], labelled: number): UsMap {
  outlines ??= drawOutlines();
  const most = Math.max(1, ...airports.map(({ people }) => people));
  const outside: number[] = [];
  const spots = airports.map(({ latitude, longitude, people }, index) => {
    const radius = round(Math.max(SMALLEST, LARGEST * Math.sqrt(people / most)));
    const place = mainland([longitude, latitude]) ?? inFrame(caribbean([longitude, latitude]));
    if (place) return { x: round(place[0]), y: round(place[1]), radius };
    const slot = outside.push(index) - 1;
    return { x: 150 + (slot % 20) * 40, y: HEIGHT + 20 + Math.floor(slot / 20) * 52, radius };
  });
  const height = HEIGHT + Math.ceil(outside.length / 20) * 52;
  const captions = placeCaptions(airports, spots, labelled);
  return { left: LEFT, width: WIDTH - LEFT, height, ...outlines, frame: FRAME, spots, outside, captions };
}

function drawOutlines(): Pick<UsMap, 'land' | 'borders' | 'islands'> {
  const entry = pathToFileURL(createRequire(import.meta.url).resolve('vega-datasets'));
  const topology: States = JSON.parse(readFileSync(new URL('../data/us-10m.json', entry), 'utf8'));
  const isTerritory = ({ id }: Area) => Number(id) >= FIRST_TERRITORY;
  const areas = topology.objects.states.geometries as Area[];
  const states = merge(topology, areas.filter((area) => !isTerritory(area)) as Polygon[]);
  const territories = merge(topology, areas.filter(isTerritory) as Polygon[]);
  const borders = mesh(topology, topology.objects.states, (a, b) => a !== b);
  const draw = (shape: GeoPermissibleObjects, projection: GeoStreamWrapper) =>
    geoPath(thinned(projection, 0.9)).digits(1)(shape) ?? '';
  return {
    land: draw(states, mainland),
    borders: draw(borders, mainland),
    islands: draw(territories, caribbean),
  };
}

/** Leaves out points nearer than `gap` to the one before, and islands that shrink to nothing. */
function thinned(projection: GeoStreamWrapper, gap: number): GeoStreamWrapper {
  return {
    stream(sink: GeoStream): GeoStream {
      let line: [number, number][] = [];
      let end: [number, number] | undefined;
      let isRing = false;
      return projection.stream({
        point(x, y) {
          const last = line.at(-1);
          end = [x, y];
          if (last && Math.hypot(x - last[0], y - last[1]) < gap) return;
          line.push(end);
          end = undefined;
        },
        lineStart() {
          line = [];
          end = undefined;
        },
        lineEnd() {
          if (end && !isRing) line.push(end);
          if (isRing && line.length < 4) return;
          sink.lineStart();
          for (const [x, y] of line) sink.point(x, y);
          sink.lineEnd();
        },
        polygonStart() {
          isRing = true;
          sink.polygonStart();
        },
        polygonEnd() {
          isRing = false;
          sink.polygonEnd();
        },
        sphere() {},
      });
    },
  };
}

function inFrame(place: [number, number] | null): [number, number] | null {
  if (!place) return null;
  const x = place[0] - FRAME.x;
  const y = place[1] - FRAME.y;
  return x > 0 && y > 0 && x < FRAME.width && y < FRAME.height ? place : null;
}

/** Beside each of the largest airports, on the side where its code hides the least. */
function placeCaptions(airports: readonly Located[], spots: readonly Spot[], count: number): Caption[] {
  const order = airports.map((_, index) => index).sort((a, b) => airports[b]!.people - airports[a]!.people);
  const taken: (readonly [number, number, number, number])[] = spots
    .filter(({ radius }) => radius > SMALLEST)
    .map(({ x, y, radius }) => [x - radius, y - radius, x + radius, y + radius]);
  return order.slice(0, count).map((airport) => {
    const { x, y, radius } = spots[airport]!;
    const gap = radius + 5;
    const options = [
      { x: x + gap, y: y + 4, anchor: 'start', box: [x + gap, y - 5, x + gap + 24, y + 5] },
      { x: x - gap, y: y + 4, anchor: 'end', box: [x - gap - 24, y - 5, x - gap, y + 5] },
      { x, y: y + gap + 8, anchor: 'middle', box: [x - 12, y + gap - 1, x + 12, y + gap + 9] },
      { x, y: y - gap, anchor: 'middle', box: [x - 12, y - gap - 9, x + 12, y - gap + 1] },
    ] as const;
    const costs = options.map(({ box }) => taken.reduce((sum, other) => sum + overlap(box, other), 0));
    const best = options[costs.indexOf(Math.min(...costs))]!;
    taken.push(best.box);
    return { airport, x: round(best.x), y: round(best.y), anchor: best.anchor };
  });
}

type Box = readonly [left: number, top: number, right: number, bottom: number];

function overlap(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  return width > 0 && height > 0 ? width * height : 0;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

import { Agent, type AgentId, defineModel, layout, type Message, type Random } from '@troupe/core';
import { loadTraffic, type Place, type Traffic } from './data.ts';

const HOUR = 3600;
export const DAY = 24 * HOUR;
export const DAYS = 365;

/** Residents around an airport per departure in a year: some 280 million in all. */
const RESIDENTS_PER_FLIGHT = 40;
/** Fewest residents around an airport. */
const RESIDENTS_MIN = 5000;
/** Share of those around an airport that may leave on one flight at the most. */
const LEAVING_MAX = 0.02;

/** People by their state: susceptible, exposed, infectious, recovered. Whole numbers. */
interface People {
  susceptible: number;
  exposed: number;
  infectious: number;
  recovered: number;
}

/** What an airport reports at the end. */
export interface AirportReport {
  readonly departed: number;
  readonly landed: number;
  readonly people: People;
  /** First day on which someone infectious was there. */
  readonly arrivalDay: number | null;
  /** By day, at midnight. */
  readonly susceptible: Int32Array;
  readonly exposed: Int32Array;
  readonly infectious: Int32Array;
  readonly recovered: Int32Array;
}

type Sky = {
  flight: People;
  hour: undefined;
  close: undefined;
};

/** A route as its origin sees it. */
interface Departures {
  readonly to: AgentId;
  /** Flights in a year. */
  readonly flights: number;
  /** Simulated seconds from gate to gate. */
  readonly duration: number;
  /** 0 up to but not including 1: where the year begins between two flights. */
  readonly phase: number;
}

interface Disease {
  /** Infections per infectious person and day in a susceptible population. */
  readonly transmission: number;
  /** Mean days from infection to being infectious, and from then to recovery. */
  readonly latency: number;
  readonly infectious: number;
}

/** An airport on its way to another cluster. */
interface AirportState {
  readonly departures: readonly Departures[];
  readonly people: People;
  readonly seats: number;
  readonly disease: Disease;
  readonly series: Record<keyof People, Int32Array>;
  readonly next: Float64Array;
  readonly flown: Int32Array;
  readonly hours: number;
  readonly departed: number;
  readonly landed: number;
  readonly arrivalDay: number | null;
}

/**
 * An airport with the people around it. Every hour it sends off the flights of that hour, with passengers drawn from
 * those people; every day the disease takes its course among those who are there.
 */
class Airport extends Agent<Sky> {
  readonly #departures: readonly Departures[];
  readonly #seats: number;
  readonly #disease: Disease;
  readonly #people: People;
  readonly #series: Record<keyof People, Int32Array>;
  /** By route: the hour of the next flight, and how many have left. */
  readonly #next: Float64Array;
  readonly #flown: Int32Array;
  #hours = 0;
  #departed = 0;
  #landed = 0;
  #arrivalDay: number | null = null;

  constructor(departures: readonly Departures[], people: People, seats: number, disease: Disease) {
    super();
    this.#departures = departures;
    this.#next = Float64Array.from(departures, (route) => departure(route, 0));
    this.#flown = new Int32Array(departures.length);
    this.#people = people;
    this.#seats = seats;
    this.#disease = disease;
    this.#series = {
      susceptible: new Int32Array(DAYS),
      exposed: new Int32Array(DAYS),
      infectious: new Int32Array(DAYS),
      recovered: new Int32Array(DAYS),
    };
  }

  override setup(): void {
    this.setAlarmAt(0, 'hour');
    // Whatever takes off in the last hour has landed half a day later.
    this.setAlarmAt((DAYS + 0.5) * DAY, 'close');
  }

  override receive({ topic, body }: Message<Sky>): void {
    if (topic === 'flight') this.#land(body);
    else if (topic === 'hour') this.#hour();
    else this.#close();
  }

  #land(passengers: People): void {
    this.#landed += 1;
    const people = this.#people;
    people.susceptible += passengers.susceptible;
    people.exposed += passengers.exposed;
    people.infectious += passengers.infectious;
    people.recovered += passengers.recovered;
  }

  #hour(): void {
    const hour = this.#hours;
    if (hour % 24 === 0) this.#day(hour / 24);
    const next = this.#next;
    for (let index = 0; index < next.length; index += 1) {
      if ((next[index] as number) <= hour + 1) this.#takeOff(index, hour);
    }
    this.#hours += 1;
    if (this.#hours < DAYS * 24) this.setAlarmAt(this.#hours * HOUR, 'hour');
  }

  /** Sends off the flights of one route that leave before the hour is over. */
  #takeOff(index: number, hour: number): void {
    const route = this.#departures[index] as Departures;
    for (let at = this.#next[index] as number; at <= hour + 1; at = this.#next[index] as number) {
      this.#departed += 1;
      this.send(route.to, 'flight', this.#board(), route.duration + (at - hour) * HOUR);
      const flown = (this.#flown[index] as number) + 1;
      this.#flown[index] = flown;
      this.#next[index] = flown < route.flights ? departure(route, flown) : Number.POSITIVE_INFINITY;
    }
  }

  /** Passengers in proportion to the people who are there; fractions are rounded at random, so that none is favoured. */
  #board(): People {
    const people = this.#people;
    const { random } = this;
    const all = people.susceptible + people.exposed + people.infectious + people.recovered;
    let left = Math.min(this.#seats, Math.floor(all * LEAVING_MAX));
    const share = left / all;
    const exposed =
      people.exposed === 0 ? 0 : Math.min(left, people.exposed, round(random, people.exposed * share));
    left -= exposed;
    const infectious =
      people.infectious === 0
        ? 0
        : Math.min(left, people.infectious, round(random, people.infectious * share));
    left -= infectious;
    const recovered =
      people.recovered === 0 ? 0 : Math.min(left, people.recovered, round(random, people.recovered * share));
    left -= recovered;
    const susceptible = Math.min(left, people.susceptible);
    people.susceptible -= susceptible;
    people.exposed -= exposed;
    people.infectious -= infectious;
    people.recovered -= recovered;
    return { susceptible, exposed, infectious, recovered };
  }

  /** A day of the disease: S to E by contact with I, E to I, I to R; then the day is noted. */
  #day(day: number): void {
    const people = this.#people;
    const { random } = this;
    const { transmission, latency, infectious } = this.#disease;
    const all = people.susceptible + people.exposed + people.infectious + people.recovered;
    if (people.infectious + people.exposed > 0) {
      const infection = 1 - Math.exp((-transmission * people.infectious) / all);
      const newExposed = draw(random, people.susceptible, infection);
      const newInfectious = draw(random, people.exposed, 1 - Math.exp(-1 / latency));
      const newRecovered = draw(random, people.infectious, 1 - Math.exp(-1 / infectious));
      people.susceptible -= newExposed;
      people.exposed += newExposed - newInfectious;
      people.infectious += newInfectious - newRecovered;
      people.recovered += newRecovered;
    }
    if (people.infectious > 0 && this.#arrivalDay === null) this.#arrivalDay = day;
    this.#series.susceptible[day] = people.susceptible;
    this.#series.exposed[day] = people.exposed;
    this.#series.infectious[day] = people.infectious;
    this.#series.recovered[day] = people.recovered;
  }

  #close(): void {
    const report: AirportReport = {
      departed: this.#departed,
      landed: this.#landed,
      people: this.#people,
      arrivalDay: this.#arrivalDay,
      ...this.#series,
    };
    this.report('airport', report);
  }

  override snapshot(): AirportState {
    return {
      departures: this.#departures,
      people: this.#people,
      seats: this.#seats,
      disease: this.#disease,
      series: this.#series,
      next: this.#next,
      flown: this.#flown,
      hours: this.#hours,
      departed: this.#departed,
      landed: this.#landed,
      arrivalDay: this.#arrivalDay,
    };
  }

  static override restore(state: AirportState): Airport {
    const airport = new Airport(state.departures, state.people, state.seats, state.disease);
    airport.#next.set(state.next);
    airport.#flown.set(state.flown);
    Object.assign(airport.#series, state.series);
    airport.#hours = state.hours;
    airport.#departed = state.departed;
    airport.#landed = state.landed;
    airport.#arrivalDay = state.arrivalDay;
    return airport;
  }
}

/** When a flight of a route leaves, in hours since the year began: they are spread evenly over it. */
function departure(route: Departures, flight: number): number {
  return ((flight + 1 - route.phase) * DAYS * 24) / route.flights;
}

function round(random: Random, value: number): number {
  const whole = Math.floor(value);
  return whole + (random.float() < value - whole ? 1 : 0);
}

/** How many of n change: exact where few do, by the normal distribution where many do. */
function draw(random: Random, n: number, probability: number): number {
  const mean = n * probability;
  if (mean < 50 || n - mean < 50) return random.binomial(n, probability);
  const value = Math.round(random.normal(mean, Math.sqrt(mean * (1 - probability))));
  return Math.min(n, Math.max(0, value));
}

let loaded: Traffic | undefined;
/** The traffic, read once per node. */
export function traffic(): Traffic {
  loaded ??= loadTraffic();
  return loaded;
}

/** Residents around an airport when the year begins. */
export function residents(place: Place): number {
  return Math.max(RESIDENTS_MIN, place.flights * RESIDENTS_PER_FLIGHT);
}

/** Seconds from gate to gate. */
function duration(distance: number, params: { speed: number; ground: number }): number {
  return (distance / params.speed) * HOUR + params.ground * 60;
}

/** The airports from west to east, cut into clusters of about equally many departures. */
function clustersByLongitude(clusters: number): Map<string, number> {
  const { places } = traffic();
  const total = places.reduce((sum, place) => sum + place.flights, 0);
  const placement = new Map<string, number>();
  let seen = 0;
  for (const place of [...places].sort((a, b) => a.longitude - b.longitude || (a.iata < b.iata ? -1 : 1))) {
    placement.set(
      place.iata,
      Math.min(clusters - 1, Math.floor(((seen + place.flights / 2) / total) * clusters)),
    );
    seen += place.flights;
  }
  return placement;
}

const placements = new Map<number, Map<string, number>>();

export default defineModel({
  name: 'airline',
  help: 'A year of US air traffic, and an epidemic that travels with the passengers.',
  params: {
    origin: { type: 'text', default: 'JFK', help: 'airport where it begins' },
    infected: { type: 'integer', default: 20, min: 1, max: 5000, help: 'infectious people there on day 0' },
    seats: { type: 'integer', default: 100, min: 1, max: 1000, help: 'passengers per flight' },
    speed: { type: 'number', default: 800, min: 100, max: 3000, help: 'cruising speed in km/h' },
    ground: { type: 'number', default: 45, min: 1, max: 600, help: 'minutes on the ground per flight' },
    transmission: {
      type: 'number',
      default: 0.34,
      min: 0,
      max: 10,
      help: 'infections per infectious person and day',
    },
    latency: {
      type: 'number',
      default: 4,
      min: 0.1,
      max: 100,
      help: 'days from infection to being infectious',
    },
    recovery: { type: 'number', default: 7, min: 0.1, max: 100, help: 'days from then to recovery' },
  },
  agents: [Airport],
  layouts: { flight: layout({ susceptible: 'u16', exposed: 'u16', infectious: 'u16', recovered: 'u16' }) },
  // The shortest flight: nobody hears of anybody sooner.
  lookahead: (params) => {
    let least = Number.POSITIVE_INFINITY;
    for (const route of traffic().routes) least = Math.min(least, duration(route.distance, params));
    return least;
  },
  place: (id, clusters) => {
    if (clusters === 1) return 0;
    let placement = placements.get(clusters);
    if (placement === undefined) {
      placement = clustersByLongitude(clusters);
      placements.set(clusters, placement);
    }
    return placement.get(id as string) ?? 0;
  },
  populate: ({ add, params }) => {
    const { places, routes } = traffic();
    if (!places.some((place) => place.iata === params.origin)) {
      throw new RangeError(
        `origin is ${JSON.stringify(params.origin)}: give the code of an airport, such as JFK`,
      );
    }
    const departures = new Map<string, Departures[]>(places.map((place) => [place.iata, []]));
    routes.forEach((route, index) => {
      const flightTime = duration(route.distance, params);
      // Spread evenly, by the golden ratio, so that not all routes fly in the same hours.
      const phase = (index * 0.6180339887498949) % 1;
      departures.get(route.from)?.push({ to: route.to, flights: route.flights, duration: flightTime, phase });
    });
    const disease = {
      transmission: params.transmission,
      latency: params.latency,
      infectious: params.recovery,
    };
    for (const place of places) {
      const infectious = place.iata === params.origin ? params.infected : 0;
      const people = { susceptible: residents(place) - infectious, exposed: 0, infectious, recovered: 0 };
      add(Airport, {
        id: place.iata,
        args: [departures.get(place.iata) ?? [], people, params.seats, disease],
      });
    }
  },
  summarize: (report) => {
    const airports = Object.values(report.results['airport'] ?? {}) as AirportReport[];
    const { places, flights } = traffic();
    const sum = (pick: (airport: AirportReport) => number): number =>
      airports.reduce((total, airport) => total + pick(airport), 0);
    const count = ({ susceptible, exposed, infectious, recovered }: People): number =>
      susceptible + exposed + infectious + recovered;
    const departed = sum((airport) => airport.departed);
    const landed = sum((airport) => airport.landed);
    const people = sum((airport) => count(airport.people));
    const peopleBefore = places.reduce((total, place) => total + residents(place), 0);
    if (departed !== flights || landed !== flights) {
      throw new Error(`${departed} flights have left and ${landed} landed, but the year has ${flights}`);
    }
    if (people !== peopleBefore) throw new Error(`${people} people are left of ${peopleBefore}`);
    const infectious = Array.from({ length: DAYS }, (_, day) =>
      sum((airport) => airport.infectious[day] ?? 0),
    );
    const peakInfectious = Math.max(...infectious);
    return {
      flights: landed,
      people,
      airports: airports.length,
      airportsReached: airports.filter((airport) => airport.arrivalDay !== null).length,
      peakDay: infectious.indexOf(peakInfectious),
      peakInfectious,
      attackRate: 1 - sum((airport) => airport.people.susceptible) / people,
    };
  },
});

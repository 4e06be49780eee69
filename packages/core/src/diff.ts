import { compareIds } from './ids.ts';
import type { AgentId } from './message.ts';
import type { EventRecord } from './observer.ts';

/** Whether two event logs are the same, and if not, where they part. */
export type LogDiff =
  | {
      readonly equal: true;
      /** How many events there are in each. */
      readonly events: number;
    }
  | {
      readonly equal: false;
      /** How many events there are in both before they part. */
      readonly events: number;
      /** The agent whose history is the first to part, and when that is. */
      readonly agent: AgentId;
      readonly time: number;
      readonly round: number;
      /**
       * `only-a` and `only-b`: the agent got this message in one of the runs, and in the other none at that place;
       * `differs`: it got one in both, but not the same.
       */
      readonly kind: 'only-a' | 'only-b' | 'differs';
      /** What comes next in each log: undefined where it has ended. */
      readonly a: EventRecord | undefined;
      readonly b: EventRecord | undefined;
      /** With `differs`: the first part of the message that does, such as `from` or `body.route[2]`, and both values. */
      readonly part: { readonly path: string; readonly a: unknown; readonly b: unknown } | undefined;
    };

type Log = AsyncIterable<EventRecord> | Iterable<EventRecord>;

/**
 * Compares two event logs and finds the first event in which they part. The logs are in the order that
 * `Simulation.eventLog` gives: by time, round and agent, then as the agent got them. They are read in step, one event of
 * each at a time, and left where they part.
 *
 * ```ts
 * const difference = await diffLogs(fromNdjson(createReadStream('a.ndjson')), fromNdjson(createReadStream('b.ndjson')));
 * if (!difference.equal) console.log(difference.agent, difference.time, difference.part);
 * ```
 */
export async function diffLogs(a: Log, b: Log): Promise<LogDiff> {
  const left = iterate(a);
  const right = iterate(b);
  try {
    for (let events = 0; ; events += 1) {
      // One after the other: should both fail, each is heard.
      const one = await left.next();
      const other = await right.next();
      if (one.done === true && other.done === true) return { equal: true, events };
      const difference = compare(
        one.done === true ? undefined : one.value,
        other.done === true ? undefined : other.value,
        events,
      );
      if (difference !== undefined) return difference;
    }
  } finally {
    await left.return?.();
    await right.return?.();
  }
}

function iterate(log: Log): AsyncIterator<EventRecord> | Iterator<EventRecord> {
  return Symbol.asyncIterator in log ? log[Symbol.asyncIterator]() : log[Symbol.iterator]();
}

function compare(
  a: EventRecord | undefined,
  b: EventRecord | undefined,
  events: number,
): LogDiff | undefined {
  const order = a === undefined ? 1 : b === undefined ? -1 : byPlace(a, b);
  const { time, round, to: agent } = (order <= 0 ? a : b) as EventRecord;
  const where = { equal: false, events, agent, time, round, a, b } as const;
  if (order !== 0) return { ...where, kind: order < 0 ? 'only-a' : 'only-b', part: undefined };
  for (const key of ['from', 'topic', 'sentAt', 'body'] as const) {
    const part = firstDifference((a as EventRecord)[key], (b as EventRecord)[key], key);
    if (part !== undefined) return { ...where, kind: 'differs', part };
  }
  return undefined;
}

/** The order of an event log, as far as it follows from the events. */
function byPlace(a: EventRecord, b: EventRecord): number {
  return a.time - b.time || a.round - b.round || compareIds(a.to, b.to);
}

interface Part {
  readonly path: string;
  readonly a: unknown;
  readonly b: unknown;
}

/** The first place at which two bodies differ as the digest sees them: -0 is not 0, and the order of members counts. */
function firstDifference(a: unknown, b: unknown, path: string): Part | undefined {
  if (Object.is(a, b)) return undefined;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return { path, a, b };
  if (kindOf(a) !== kindOf(b)) return { path, a, b };
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime()) ? undefined : { path, a, b };
  if (a instanceof Map) return differenceInList([...a], [...(b as Map<unknown, unknown>)], path);
  if (a instanceof Set) return differenceInList([...a], [...(b as Set<unknown>)], path);
  if (Array.isArray(a)) return differenceInList(a, b as unknown[], path);
  if (a instanceof ArrayBuffer) {
    return differenceInList(bytesOf(a), bytesOf(b as ArrayBuffer), path);
  }
  if (ArrayBuffer.isView(a)) return differenceInList(elementsOf(a), elementsOf(b as ArrayBufferView), path);
  return differenceInMembers(a as Members, b as Members, path);
}

type Members = Readonly<Record<string, unknown>>;

function kindOf(value: object): string {
  return Object.prototype.toString.call(value);
}

function bytesOf(buffer: ArrayBuffer): ArrayLike<unknown> {
  return new Uint8Array(buffer);
}

function elementsOf(view: ArrayBufferView): ArrayLike<unknown> {
  return view instanceof DataView
    ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
    : (view as unknown as ArrayLike<unknown>);
}

function differenceInList(a: ArrayLike<unknown>, b: ArrayLike<unknown>, path: string): Part | undefined {
  const shorter = Math.min(a.length, b.length);
  for (let index = 0; index < shorter; index += 1) {
    const found = firstDifference(a[index], b[index], `${path}[${index}]`);
    if (found !== undefined) return found;
  }
  return a.length === b.length ? undefined : { path: `${path}.length`, a: a.length, b: b.length };
}

function differenceInMembers(a: Members, b: Members, path: string): Part | undefined {
  const keys = Object.keys(a);
  const others = Object.keys(b);
  for (let index = 0; index < Math.max(keys.length, others.length); index += 1) {
    const key = keys[index];
    const other = others[index];
    if (key === other) {
      const found = firstDifference(a[key as string], b[key as string], memberOf(path, key as string));
      if (found !== undefined) return found;
    } else if (key !== undefined && !Object.hasOwn(b, key)) {
      return { path: memberOf(path, key), a: a[key], b: undefined };
    } else if (other !== undefined && !Object.hasOwn(a, other)) {
      return { path: memberOf(path, other), a: undefined, b: b[other] };
    } else {
      return { path: `the order of the members of ${path}`, a: keys, b: others };
    }
  }
  return undefined;
}

function memberOf(path: string, key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

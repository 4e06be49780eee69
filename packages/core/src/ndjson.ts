import { SimulationError, show } from './errors.ts';
import type { EventRecord } from './observer.ts';

/**
 * Events as NDJSON: one JSON object per line, each line ended. Values that JSON lacks are written as text (`-0`, `NaN`,
 * `12n`, `undefined` within a body), maps and sets as `{ map: [...] }` and `{ set: [...] }`, bytes as lists of numbers.
 */
export async function* toNdjson(
  events: AsyncIterable<EventRecord> | Iterable<EventRecord>,
): AsyncGenerator<string> {
  for await (const event of events) {
    const plain = function (this: unknown, _key: string, value: unknown): unknown {
      // A message without body has none here, either.
      return value === undefined && this !== event ? 'undefined' : plainValue(value);
    };
    yield `${JSON.stringify(event, plain)}\n`;
  }
}

function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) return show(value);
  if (value instanceof Map) return { map: [...value] };
  if (value instanceof Set) return { set: [...value] };
  if (value instanceof ArrayBuffer) return Array.from(new Uint8Array(value));
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as Uint8Array);
  return value;
}

/**
 * Reads what {@link toNdjson} has written, line by line, in whatever pieces it comes: texts, or bytes of UTF-8. Bodies
 * stay as they are written. An empty line is passed over.
 *
 * @throws {SimulationError} `ERR_TROUPE_EVENT_LOG` with the number of a line that is no event
 */
export async function* fromNdjson(
  chunks: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>,
): AsyncGenerator<EventRecord> {
  const decoder = new TextDecoder();
  let line = 0;
  let rest = '';
  for await (const chunk of chunks) {
    // Most pieces end in the middle of a line, and a line may be longer than a piece.
    const searched = rest.length;
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = rest.indexOf('\n', searched); end !== -1; end = rest.indexOf('\n', start)) {
      line += 1;
      if (end > start) yield parse(rest.slice(start, end), line);
      start = end + 1;
    }
    rest = rest.slice(start);
  }
  rest += decoder.decode();
  if (rest !== '') yield parse(rest, line + 1);
}

function parse(text: string, line: number): EventRecord {
  let event: Partial<Record<keyof EventRecord, unknown>> | null;
  try {
    event = JSON.parse(text);
  } catch (cause) {
    throw notAnEvent(text, line, cause);
  }
  const isId = (id: unknown): boolean => typeof id === 'string' || typeof id === 'number';
  const isEvent =
    typeof event === 'object' &&
    event !== null &&
    typeof event.time === 'number' &&
    typeof event.round === 'number' &&
    typeof event.topic === 'string' &&
    typeof event.sentAt === 'number' &&
    isId(event.to) &&
    isId(event.from);
  if (!isEvent) throw notAnEvent(text, line, undefined);
  return event as unknown as EventRecord;
}

function notAnEvent(text: string, line: number, cause: unknown): SimulationError {
  return new SimulationError(
    'ERR_TROUPE_EVENT_LOG',
    `line ${line} of the event log is no event: ${show(text)}; give a log that toNdjson() or --log has written, whole`,
    { value: line, ...(cause === undefined ? {} : { cause }) },
  );
}

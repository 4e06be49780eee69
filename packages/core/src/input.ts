import { SimulationError, show } from './errors.ts';
import { checkId } from './ids.ts';
import type { AgentId } from './message.ts';
import type { Input, InputRecord } from './node/protocol.ts';
import { StrictBodies } from './strict-bodies.ts';
import { MAX_TIME } from './time.ts';

export interface SendOptions {
  /** The earliest simulated time, in seconds, at which it is due. Default 0: as soon as it can be. */
  readonly at?: number;
}

/** What an open input needs of its simulation. */
export interface InputPort {
  send(to: AgentId | undefined, topic: string, body: unknown, at: number): Promise<InputRecord>;
  close(): void;
}

/**
 * A way into a simulation from outside: see `Simulation.openInput`. While it is open, a run that has nothing left to do
 * waits for what may come.
 */
export class SimulationInput implements Disposable {
  readonly #port: InputPort;
  #closed = false;

  constructor(port: InputPort) {
    this.#port = port;
  }

  /**
   * Sends `body` to an agent; nobody else gets a copy. Resolves when the message has been given its time and stands in
   * `Simulation.inputs`.
   *
   * @throws {SimulationError} `ERR_TROUPE_TIME`, `ERR_TROUPE_AGENT_ID`, `ERR_TROUPE_TOPIC`; `ERR_TROUPE_RUN_STATE` when
   *   the input, or the simulation, is closed
   * @throws {TransportError} for a body that cannot be sent
   */
  send(to: AgentId, topic: string, body?: unknown, options: SendOptions = {}): Promise<InputRecord> {
    checkId(to);
    return this.#send(to, topic, body, options);
  }

  /** Sends a copy of `body` to each agent that is subscribed when the message is due. */
  broadcast(topic: string, body?: unknown, options: SendOptions = {}): Promise<InputRecord> {
    return this.#send(undefined, topic, body, options);
  }

  /** Nothing else will come through here. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#port.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #send(
    to: AgentId | undefined,
    topic: string,
    body: unknown,
    { at = 0 }: SendOptions,
  ): Promise<InputRecord> {
    if (this.#closed) {
      throw new SimulationError('ERR_TROUPE_RUN_STATE', 'this input is closed: open another');
    }
    checkTopic(topic);
    checkTime(at);
    return this.#port.send(to, topic, BODIES.pass(body, topic, undefined), at + 0);
  }
}

/** @throws {SimulationError} `ERR_TROUPE_OPTION`, `ERR_TROUPE_TIME`, `ERR_TROUPE_TOPIC`, `ERR_TROUPE_AGENT_ID` */
export function checkInputs(inputs: readonly InputRecord[]): readonly InputRecord[] {
  if (!Array.isArray(inputs)) {
    throw new SimulationError(
      'ERR_TROUPE_OPTION',
      `inputs is ${show(inputs)}: give the records that Simulation.inputs had`,
      { value: inputs },
    );
  }
  return inputs.map(({ time, to, topic, body }: InputRecord) => {
    checkTime(time);
    checkTopic(topic);
    if (to !== undefined) checkId(to);
    return { time, to, topic, body: BODIES.pass(body, topic, undefined) };
  });
}

/** What another cluster would see of a body, or why it cannot be sent. */
const BODIES = new StrictBodies();

function checkTopic(topic: unknown): void {
  if (typeof topic === 'string') return;
  throw new SimulationError('ERR_TROUPE_TOPIC', `the topic is ${show(topic)}: give a string`, {
    value: topic,
  });
}

function checkTime(time: unknown): void {
  if (typeof time === 'number' && time >= 0 && time <= MAX_TIME) return;
  throw new SimulationError(
    'ERR_TROUPE_TIME',
    `a message from outside is to be due at ${show(time)}: give simulated seconds from 0 to 2^53`,
    { value: time },
  );
}

/** Messages from outside that are on their way to node 0, and those that have their time. */
export class InputLog {
  readonly records: InputRecord[];
  #next = 0;
  readonly #waiting = new Map<
    number,
    { readonly input: Input; resolve(record: InputRecord): void; reject(error: Error): void }
  >();

  constructor(known: readonly InputRecord[]) {
    this.records = [...known];
  }

  /** A message on its way, and the promise of its record. */
  add(
    to: AgentId | undefined,
    topic: string,
    body: unknown,
    at: number,
  ): { readonly input: Input; readonly record: Promise<InputRecord> } {
    const input: Input = { number: this.#next, to, topic, body, at };
    this.#next += 1;
    const record = new Promise<InputRecord>((resolve, reject) => {
      this.#waiting.set(input.number, { input, resolve, reject });
    });
    return { input, record };
  }

  /** Node 0 has given those from number `first` on their times. */
  timed(first: number, times: readonly number[]): void {
    times.forEach((time, at) => {
      const number = first + at;
      const waiting = this.#waiting.get(number);
      if (waiting === undefined) return;
      this.#waiting.delete(number);
      const { to, topic, body } = waiting.input;
      const record = { time, to, topic, body };
      this.records.push(record);
      waiting.resolve(record);
    });
  }

  /** Those that wait will never have a time. */
  fail(error: Error): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}

import type { Agent, AgentClass, BareTopic } from '../agent.ts';
import type { Command } from '../commands.ts';
import { Kernel, type Outgoing, type Outlet } from '../kernel.ts';
import { type AgentId, OUTSIDE, type Protocol } from '../message.ts';
import { COMMAND, NONE } from '../queue/event-pool.ts';

/** Something that the agent did to the world. */
export type Act<P extends Protocol = Protocol> =
  | {
      [K in keyof P & string]: {
        readonly kind: 'message';
        /** Undefined for a broadcast. */
        readonly to: AgentId | undefined;
        readonly topic: K;
        readonly body: P[K];
        /** When it is due, in simulated seconds. */
        readonly due: number;
      };
    }[keyof P & string]
  | Command;

export interface ProbeOptions {
  /** The agent's id, where its constructor chose none. Default `probe`. */
  readonly id?: AgentId;
  readonly seed?: number;
  /** Simulated time at the start. Default 0. */
  readonly time?: number;
}

/** One agent on its own, for tests: everybody else is played by the test. */
export interface Probe<P extends Protocol> {
  readonly agent: Agent<P>;
  /** What it did in its setup. */
  readonly setup: readonly Act<P>[];
  /** Simulated time in seconds. */
  readonly time: number;
  /** What agents reported, by name. */
  readonly reports: Readonly<Record<string, unknown>>;
  /** Gives the agent a message and runs this instant to its end; answers what the agent did to others. */
  deliver<K extends BareTopic<P>>(topic: K, body?: undefined, from?: AgentId): Act<P>[];
  deliver<K extends keyof P & string>(topic: K, body: P[K], from?: AgentId): Act<P>[];
  /** Lets simulated time pass, alarms of the agent included; answers what it did. */
  advance(seconds: number): Act<P>[];
}

/**
 * Sets an agent up alone. What it sends to itself reaches it; what it sends to others is returned.
 *
 * ```ts
 * const player = probe<Rally>(new Player('anna'));
 * player.deliver('ball', { hits: 1 }, 'ben'); // [{ kind: 'message', to: 'ben', topic: 'ball', ... }]
 * ```
 *
 * @throws {SimulationError} what the agent throws, as `ERR_TROUPE_AGENT_FAILED`
 */
export function probe<P extends Protocol>(agent: Agent<P>, options: ProbeOptions = {}): Probe<P> {
  let own: AgentId | undefined;
  const kernel = new Kernel({
    cluster: 0,
    // The others live on a second cluster, which does not exist: what goes there is what the test wants to see.
    clusters: 2,
    place: (id) => (id === OUTSIDE || own === undefined || id === own ? 0 : 1),
    seed: options.seed ?? 1,
    lookahead: 0,
    startTime: options.time ?? 0,
    layouts: {},
    classes: new Proxy<AgentClass[]>([], { get: anyClass }),
    strict: false,
    roundLimit: 1_000_000,
    ties: 'sender',
    onError: 'stop',
    watch: { digest: false, counters: false, onEvent: undefined },
    onLog: undefined,
    logLevel: 0,
    onDeadLetter: undefined,
  });
  let acts: Act<P>[] = [];
  const outlet: Outlet = {
    send: (_cluster, message) => {
      acts.push(actOf<P>(kernel, message));
    },
    cancel: () => {},
    mark: () => {},
    forget: () => {},
    move: () => {},
  };
  kernel.outlet = outlet;
  const outside = kernel.table.indexOf(OUTSIDE);
  own = kernel.adopt(agent as unknown as Agent, options.id ?? (hasId(agent) ? undefined : 'probe'));
  const settle = (): Act<P>[] => {
    const { failure } = kernel;
    kernel.failure = undefined;
    kernel.halt = undefined;
    const done = acts;
    acts = [];
    if (failure !== undefined) throw failure;
    return done;
  };
  kernel.setUp();
  kernel.completeSetUp();
  const setup = settle();
  return {
    agent,
    setup,
    get time() {
      return kernel.now;
    },
    get reports() {
      return Object.fromEntries(
        [...kernel.reports].map(([name, values]) => [name, values.get(own as AgentId)]),
      );
    },
    deliver(topic: string, body?: unknown, from: AgentId = OUTSIDE) {
      const sender = from === OUTSIDE ? outside : kernel.table.indexOf(from);
      kernel.send(sender, own as AgentId, topic, body, 0, true);
      while (kernel.nextTime <= kernel.now && kernel.failure === undefined) step(kernel);
      return settle();
    },
    advance(seconds) {
      const until = kernel.now + seconds;
      while (kernel.nextTime <= until && kernel.failure === undefined) step(kernel);
      kernel.moveTo(until);
      return settle();
    },
  };
}

function step(kernel: Kernel): void {
  kernel.advance(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 1);
  kernel.halt = undefined;
}

function hasId(agent: object): boolean {
  try {
    return (agent as { id: unknown }).id !== undefined;
  } catch {
    return false;
  }
}

/** A list that holds every class: alone, an agent may add whatever it likes, since nobody is made. */
function anyClass(target: AgentClass[], key: string | symbol): unknown {
  if (key === 'indexOf') return () => 0;
  return Reflect.get(target, key);
}

function actOf<P extends Protocol>(kernel: Kernel, message: Outgoing): Act<P> {
  if ((message.flags & COMMAND) !== 0) return message.body as Command;
  return {
    kind: 'message',
    to: message.receiver === NONE ? undefined : kernel.table.ids[message.receiver],
    topic: kernel.topics.name(message.topic),
    body: message.body,
    due: message.due,
  } as unknown as Act<P>;
}

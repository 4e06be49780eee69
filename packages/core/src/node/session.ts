import { type Blocking, type Node, packError } from '@troupe/transport';
import type { Agent } from '../agent.ts';
import { checkMovable } from '../agent-state.ts';
import { SimulationError } from '../errors.ts';
import { fingerprint } from '../fingerprint.ts';
import { type DeadLetter, Kernel } from '../kernel.ts';
import type { LogEntry } from '../log.ts';
import type { AgentId } from '../message.ts';
import { lookaheadOf, placementOf } from '../model.ts';
import type { EventRecord } from '../observer.ts';
import { resolveParams } from '../params.ts';
import { placeBy } from '../placement/placement.ts';
import { TrafficRecorder } from '../placement/traffic-recorder.ts';
import { PULSE_STATE, PULSE_WINDOWS, STATE_RUNNING, STATE_WAITING } from '../pulse.ts';
import { strictGuards } from '../strict-guards.ts';
import {
  ABORT,
  type Decision,
  FAILED,
  HALTED,
  INTERRUPT,
  OPEN,
  RECALLED,
  STANDING_CELLS,
  WindowProtocol,
  windowEnd,
  writeStanding,
} from '../window.ts';
import { ClusterLinks } from './links.ts';
import { loadModel, populate } from './load-model.ts';
import type { HostMessage, Input, NodeData, NodeMessage, RunOrder, RunPart, Upto } from './protocol.ts';

/** Entries of the journal that are gathered before they are sent on. */
const JOURNAL_LIMIT = 1024;
/** How many barriers pass before a journal is sent on though it is short. */
const JOURNAL_BARRIERS = 256;
/** Milliseconds after which it is sent on in any case: a run that is paced, or waits, has somebody who watches it. */
const JOURNAL_WAIT = 50;
/** Rounds that a lone cluster without lookahead runs between looks at its messages. */
const LONE_ROUNDS = 1024;
/** Longest wait on the wall before a paced run looks for messages, and how much of it a window may span: milliseconds. */
const PACE_WAIT = 50;
const PACE_SPAN = 10;

/** What a node does only between two runs. */
type Order = Extract<HostMessage, { type: 'run' | 'move' | 'traffic' }>;

/** One cluster in its node: the model, loaded here, and the runs that the host asks for. */
export class ClusterSession {
  readonly #node: Node;
  readonly #data: NodeData;
  #kernel!: Kernel;
  #links!: ClusterLinks;
  readonly #standing = new Float64Array(STANDING_CELLS);
  readonly #events: EventRecord[] = [];
  readonly #logs: LogEntry[] = [];
  readonly #letters: DeadLetter[] = [];
  #barriersSinceJournal = 0;
  #journalDue = 0;
  /** Up to where the journal is complete. */
  #journalled: Upto = { time: 0, round: -1 };
  #run = 0;
  #setUp = false;
  #flags = 0;
  #orders: Order[] = [];
  /** Messages from outside that have no time yet. */
  #inputs: Input[] = [];
  #open = false;
  /** Events before this time may have been delivered; what comes from outside is due here or later. */
  #reached = 0;
  #recorder: TrafficRecorder | undefined;

  constructor(node: Node) {
    this.#node = node;
    this.#data = node.data as NodeData;
  }

  /** Loads the model and serves the host until it closes. */
  async serve(): Promise<void> {
    try {
      await this.#strictly(() => this.#load());
    } catch (error) {
      this.#post({ type: 'failed', error: packError(error), fatal: true });
      return;
    }
    // The host ends the node when it has no more to ask for.
    for (;;) {
      const order = this.#orders.shift();
      if (order === undefined) {
        this.#hear((await this.#node.nextMessage()) as HostMessage);
        continue;
      }
      if (!(await this.#obey(order))) return;
    }
  }

  /** Whether the node is of any use after it. */
  async #obey(order: Order): Promise<boolean> {
    switch (order.type) {
      case 'run': {
        const part = await this.#strictly(() => this.#runOrder(order.order));
        if (part !== undefined) this.#post({ type: 'finished', part });
        return true;
      }
      case 'move':
        try {
          this.#kernel.emigrate(order.moves);
          await this.#meet();
          this.#kernel.settleIn();
          this.#tellNames();
          return true;
        } catch (error) {
          this.#post({ type: 'failed', error: packError(error), fatal: true });
          return false;
        }
      case 'traffic': {
        const recorder = this.#recorder ?? new TrafficRecorder();
        const { table } = this.#kernel;
        const part = recorder.snapshot((index) => table.ids[index] as AgentId);
        this.#post({ type: 'traffic', part, homes: part.agents.map((id) => table.homeOf(id)) });
        if (order.reset) this.#record();
        return true;
      }
    }
  }

  /** Counts who talks to whom, from now on. */
  #record(): void {
    const { traffic } = this.#data;
    this.#recorder = traffic === 0 ? undefined : new TrafficRecorder({ sample: traffic });
    this.#kernel.observer.recorder = this.#recorder;
  }

  /** Keeps the guards of strict mode up meanwhile. */
  async #strictly<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#data.strict) return work();
    strictGuards.install();
    try {
      return await work();
    } finally {
      strictGuards.uninstall();
    }
  }

  async #load(): Promise<void> {
    const data = this.#data;
    const node = this.#node;
    const model = await loadModel(data.model);
    const params = resolveParams(model.params ?? {}, data.params);
    const lookahead = lookaheadOf(model, params);
    const place = placementOf(model, node.size, params);
    const kernel = new Kernel({
      cluster: node.id,
      clusters: node.size,
      place: data.placement === undefined ? place : placeBy(data.placement, place),
      seed: data.seed,
      lookahead,
      startTime: 0,
      layouts: model.layouts ?? {},
      classes: model.agents,
      strict: data.strict,
      roundLimit: data.roundLimit,
      ties: data.ties,
      onError: data.onError,
      watch: {
        digest: data.digest,
        counters: data.counters,
        onEvent: data.eventLog ? (event) => void this.#events.push(event) : undefined,
      },
      onLog: data.logLevel === undefined ? undefined : (entry) => void this.#logs.push(entry),
      logLevel: data.logLevel ?? 0,
      onDeadLetter: data.deadLetters ? (letter) => void this.#letters.push(letter) : undefined,
    });
    kernel.pulse = node.pulse;
    this.#kernel = kernel;
    this.#record();
    if (data.moves) for (const agentClass of model.agents) checkMovable(agentClass);
    this.#links = new ClusterLinks(node, kernel);
    kernel.outlet = this.#links;
    populate(model, params, data, node.size, (agentClass, id, args) => {
      const index = kernel.table.indexOf(id);
      if (kernel.table.home[index] !== node.id) return;
      const make = (): Agent => new agentClass(...args);
      kernel.adopt(data.strict ? strictGuards.run(id, 'its constructor', undefined, make) : make(), id);
    });
    this.#tellNames();
    const told = `${fingerprint()}, model ${model.name}, lookahead ${lookahead}, ${kernel.table.length} names`;
    this.#post({ type: 'ready', fingerprint: told });
  }

  #hear(message: HostMessage): void {
    switch (message.type) {
      case 'run':
      case 'move':
      case 'traffic':
        this.#orders.push(message);
        return;
      case 'inputs':
        for (const input of message.inputs) this.#inputs.push(input);
        return;
      case 'open':
        this.#open = message.open;
        return;
      case 'wake':
        return;
      case 'interrupt':
        if (message.run === this.#run) this.#flags |= INTERRUPT;
        return;
      case 'abort':
        if (message.run === this.#run) this.#flags |= ABORT;
    }
  }

  async #runOrder(order: RunOrder): Promise<RunPart | undefined> {
    const kernel = this.#kernel;
    const node = this.#node;
    this.#run += 1;
    this.#flags = 0;
    kernel.halt = undefined;
    const before = {
      events: kernel.events,
      local: kernel.local,
      remote: kernel.remote,
      deadLetters: kernel.deadLetters,
      failures: kernel.failures,
      time: order.startTime,
    };
    const startWall = performance.now();
    let busy = 0;
    let barriers = 0;
    kernel.observer.refresh();
    if (!this.#setUp) {
      this.#setUp = true;
      await this.#setUpAll();
    }
    const protocol = new WindowProtocol(
      {
        nodes: node.size,
        lookahead: kernel.lookahead,
        until: order.until,
        maxEvents: order.maxEvents,
        stopWhenIdle: order.stopWhenIdle,
        span: order.speed === Number.POSITIVE_INFINITY ? order.speed : (order.speed * PACE_SPAN) / 1000,
      },
      this.#sentBefore,
      this.#windowEnd,
    );
    const lone = node.size === 1 && kernel.lookahead === 0 && order.speed === Number.POSITIVE_INFINITY;
    let decision: Decision;
    this.#reached = Math.max(this.#reached, order.startTime);
    const paced = (): number => pacedTime(order, before.time, startWall);
    this.#takeMessages();
    await this.#endWindow(paced());
    for (;;) {
      this.#takeMessages();
      if (barriers >= order.windows) this.#flags |= INTERRUPT;
      this.#stand(kernel.events - before.events, paced());
      node.pulse[PULSE_STATE] = STATE_WAITING;
      const exchanged = node.exchange(this.#standing);
      const all = exchanged instanceof Promise ? await exchanged : exchanged;
      decision = protocol.decide(all);
      this.#sentBefore = sumSent(all, node.size);
      this.#links.drain();
      kernel.alarms.settle();
      node.pulse[PULSE_STATE] = STATE_RUNNING;
      if (decision.kind === 'end' || decision.kind === 'lost') break;
      if (decision.kind === 'again') continue;
      if (decision.kind === 'wait') {
        const gone = performance.now() - startWall;
        const wait =
          decision.time === Number.POSITIVE_INFINITY
            ? PACE_WAIT
            : ((decision.time - before.time) / order.speed) * 1000 - gone;
        this.#journal(this.#journalled);
        const waited = node.wait(Math.max(0, Math.min(wait, PACE_WAIT)));
        if (waited instanceof Promise) await waited;
        this.#takeMessages();
        await this.#endWindow(paced());
        continue;
      }
      const beforeWindow = performance.now();
      if (decision.kind === 'window') {
        kernel.advance(decision.bound);
        this.#reached = decision.bound;
        barriers += 1;
      } else if (lone) {
        const rounds = Math.min(LONE_ROUNDS, order.windows - barriers);
        const target = before.events + order.maxEvents;
        barriers += kernel.advance(order.until, target, rounds, order.stopWhenIdle);
      } else {
        kernel.advanceRound(decision.time, decision.round);
        barriers += 1;
      }
      const flushed = this.#endWindow(paced());
      busy += performance.now() - beforeWindow;
      if (flushed instanceof Promise) await flushed;
      node.pulse[PULSE_WINDOWS] = (node.pulse[PULSE_WINDOWS] as number) + 1;
      // An agent that threw ended the run before the window did: what others have done since is not part of it.
      if (kernel.failure === undefined) {
        this.#journalled =
          decision.kind === 'window'
            ? { time: decision.bound, round: -1 }
            : { time: kernel.now, round: kernel.round };
        this.#journal(this.#journalled);
      }
      if (kernel.table.renamed.length > 0) this.#tellNames();
      const breath = node.breathe();
      if (breath !== undefined) await breath;
    }
    node.pulse[PULSE_STATE] = STATE_WAITING;
    // Who goes on after an interruption goes on with the window in which it came.
    const interrupted = decision.kind === 'end' && decision.reason === 'paused';
    this.#windowEnd = interrupted ? protocol.end : Number.NEGATIVE_INFINITY;
    return this.#finish(order, decision, before, startWall, busy, barriers);
  }

  #sentBefore = 0;
  #windowEnd: number = Number.NEGATIVE_INFINITY;

  /** Sends on what came of a window, from agents and from outside. */
  #endWindow(paced: number): Blocking<void> {
    if (this.#inputs.length > 0) this.#takeInputs(paced);
    this.#kernel.flushCancels();
    return this.#links.flush();
  }

  /** Gives messages from outside the earliest time that no cluster has reached; paced, that of the wall. */
  #takeInputs(paced: number): void {
    const kernel = this.#kernel;
    const inputs = this.#inputs.splice(0);
    const wall = paced === Number.POSITIVE_INFINITY ? 0 : paced;
    const begun = kernel.round >= 0 ? windowEnd(kernel.now, 0) : kernel.now;
    const earliest = Math.max(kernel.lookahead > 0 ? this.#reached : begun, wall);
    const times = inputs.map(({ to, topic, body, at }) => {
      const time = Math.max(earliest, at);
      kernel.inject(to, topic, body, time);
      return time;
    });
    this.#post({ type: 'inputs', first: (inputs[0] as Input).number, times });
  }

  /** All set up; subscriptions reach all; then what was sent finds its subscribers, and that reaches all. */
  async #setUpAll(): Promise<void> {
    const kernel = this.#kernel;
    this.#node.pulse[PULSE_STATE] = STATE_RUNNING;
    kernel.setUp();
    await this.#meet();
    kernel.completeSetUp();
    kernel.flushCancels();
    if (this.#node.id === 0) {
      for (const { to, topic, body, time } of this.#data.inputs) kernel.inject(to, topic, body, time);
    }
    await this.#links.flush();
  }

  async #meet(): Promise<void> {
    await this.#links.flush();
    this.#stand(0, Number.POSITIVE_INFINITY);
    const all = await this.#node.exchange(this.#standing);
    this.#sentBefore = sumSent(all, this.#node.size);
    this.#links.drain();
  }

  #takeMessages(): void {
    for (let message = this.#node.takeMessage(); message !== undefined; message = this.#node.takeMessage()) {
      this.#hear(message as HostMessage);
    }
  }

  #stand(events: number, paced: number): void {
    const kernel = this.#kernel;
    const { nextTime, nextRound } = kernel;
    const sentFirst =
      kernel.sentDue < nextTime || (kernel.sentDue === nextTime && kernel.sentDueRound < nextRound);
    const halted = kernel.halt === undefined ? 0 : HALTED;
    const failed = kernel.failure === undefined ? 0 : FAILED;
    const recalled = kernel.alarms.hasRecalls ? RECALLED : 0;
    const open = this.#open ? OPEN : 0;
    writeStanding(
      {
        time: sentFirst ? kernel.sentDue : nextTime,
        round: sentFirst ? kernel.sentDueRound : nextRound,
        live: kernel.live + kernel.sentLive,
        events,
        flags: this.#flags | halted | failed | recalled | open,
        sent: this.#links.sent,
        received: this.#links.received,
        paced,
      },
      this.#standing,
    );
    kernel.sentDue = Number.POSITIVE_INFINITY;
    kernel.sentDueRound = Number.POSITIVE_INFINITY;
    kernel.sentLive = 0;
  }

  #finish(
    order: RunOrder,
    decision: Extract<Decision, { kind: 'end' | 'lost' }>,
    before: {
      events: number;
      local: number;
      remote: number;
      deadLetters: number;
      failures: number;
      time: number;
    },
    startWall: number,
    busy: number,
    barriers: number,
  ): RunPart | undefined {
    const kernel = this.#kernel;
    if (decision.kind === 'lost') {
      const error = new SimulationError(
        'ERR_TROUPE_MESSAGES_LOST',
        `clusters have sent ${decision.sent} messages to each other and received ${decision.received}: the transport lost or doubled some`,
        { node: this.#node.id },
      );
      this.#post({ type: 'failed', error: packError(error), fatal: true });
      return undefined;
    }
    let { reason } = decision;
    // A run that is only held goes on with its alarms; what is due at the very end is still ahead when they are cleared.
    const held = reason === 'paused' && order.windows === Number.POSITIVE_INFINITY;
    if (order.clearAlarmsAtEnd && !held) kernel.clearAlarms();
    if (reason === 'until' || (reason === 'idle' && !order.stopWhenIdle)) kernel.moveTo(order.until);
    this.#journal(undefined);
    const { halt, failure } = kernel;
    if (failure !== undefined) {
      this.#post({ type: 'failed', error: packError(failure), fatal: false });
      kernel.failure = undefined;
    }
    if (reason === 'halted') reason = halt?.kind ?? 'stopped';
    return {
      reason,
      by: halt === undefined ? undefined : { agent: halt.agent, reason: halt.reason },
      value: halt?.value,
      simTime: kernel.now,
      startTime: before.time,
      wallTime: (performance.now() - startWall) / 1000,
      busy: busy / 1000,
      events: kernel.events - before.events,
      local: kernel.local - before.local,
      remote: kernel.remote - before.remote,
      deadLetters: kernel.deadLetters - before.deadLetters,
      failures: kernel.failures - before.failures,
      barriers,
      agents: kernel.table.living,
      digest: this.#data.digest ? kernel.digest() : { a: 0, b: 0 },
      reports: kernel.reports,
      counters: kernel.observer.counters(),
    };
  }

  /** Sends what was delivered, logged and lost, when there is enough of it, or at the end. */
  #journal(upto: Upto | undefined): void {
    const { eventLog, logLevel, deadLetters } = this.#data;
    if (!eventLog && logLevel === undefined && !deadLetters) return;
    this.#barriersSinceJournal += 1;
    const size = this.#events.length + this.#logs.length + this.#letters.length;
    const isDue =
      size >= JOURNAL_LIMIT ||
      this.#barriersSinceJournal >= JOURNAL_BARRIERS ||
      performance.now() >= this.#journalDue;
    if (upto !== undefined && !isDue) return;
    this.#barriersSinceJournal = 0;
    this.#journalDue = performance.now() + JOURNAL_WAIT;
    this.#post({
      type: 'journal',
      journal: {
        events: this.#events.splice(0),
        logs: this.#logs.splice(0),
        letters: this.#letters.splice(0),
        upto,
      },
    });
  }

  /** Should an agent never return, the host names it by its index. */
  #tellNames(): void {
    const { table } = this.#kernel;
    const indexes = table.renamed;
    table.renamed = [];
    this.#post({ type: 'names', indexes, ids: indexes.map((index) => table.ids[index] as AgentId) });
  }

  #post(message: NodeMessage): void {
    this.#node.post(message);
  }
}

/** How far the wall allows time to go. */
function pacedTime(order: RunOrder, startTime: number, startWall: number): number {
  if (order.speed === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  return startTime + ((performance.now() - startWall) / 1000) * order.speed;
}

function sumSent(all: Float64Array, nodes: number): number {
  let sent = 0;
  for (let node = 0; node < nodes; node += 1) sent += all[node * STANDING_CELLS + 5] as number;
  return sent;
}

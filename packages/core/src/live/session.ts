import { type Node, packError } from '@troupe/transport';
import { fingerprint } from '../fingerprint.ts';
import type { AgentId } from '../message.ts';
import { placementOf } from '../model.ts';
import { loadModel, populate } from '../node/load-model.ts';
import { resolveParams } from '../params.ts';
import { PULSE_STATE, STATE_RUNNING, STATE_WAITING } from '../pulse.ts';
import { LiveCluster } from './cluster.ts';
import { LiveLinks } from './links.ts';
import { Newsletter } from './newsletter.ts';
import type { Notice } from './parcels.ts';
import type { Interest, LiveHostMessage, LiveNodeData, LiveNodeMessage } from './protocol.ts';

/** Frames taken in, and agents called, before the turn ends and what was written goes out. */
const FRAMES_PER_TURN = 8;
const CALLS_PER_TURN = 1024;

/** How long in milliseconds a turn may last before timers and I/O of this thread get theirs. */
const TURN = 8;

/** Longest time in milliseconds that a timer can be set for. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Milliseconds on a clock that the threads of a process share, and machines as far as theirs agree. */
export function sharedClock(): number {
  return performance.timeOrigin + performance.now();
}

type Ask = Extract<LiveHostMessage, { type: 'ask' }>;

/**
 * One cluster in its node: a shell around {@link LiveCluster} that does the I/O. It works in turns: take in what has
 * come, call agents, send what they sent. Between turns it waits for an arrival, a timer, or a promise of an agent,
 * without blocking the thread.
 */
export class LiveSession {
  readonly #node: Node;
  readonly #data: LiveNodeData;
  readonly #news = new Newsletter();
  #cluster!: LiveCluster;
  #links!: LiveLinks;
  #epoch = 0;
  #lastTime = 0;
  #asks: Ask[] = [];
  /** When the run must have ended here, in seconds; infinity while it was not halted. */
  #deadline = Number.POSITIVE_INFINITY;
  #hasTold = false;

  #isInTurn = false;
  #isListening = false;
  #failure: { readonly error: unknown } | undefined;
  #goOn: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(node: Node) {
    this.#node = node;
    this.#data = node.data as LiveNodeData;
  }

  /** Loads the model and works until the host ends the node. */
  async serve(): Promise<void> {
    try {
      await this.#load();
    } catch (error) {
      this.#tell({ type: 'failed', error: packError(error), fatal: true });
      return;
    }
    try {
      for (;;) {
        if (this.#turn()) await new Promise((resolve) => setImmediate(resolve));
        else await this.#rest();
      }
    } finally {
      // Whatever agents still do, they do it without us.
      clearTimeout(this.#timer);
      this.#cluster.abandon();
    }
  }

  async #load(): Promise<void> {
    const { model: address, params: given, seed, mailbox, supervision, handlerTimeout } = this.#data;
    const node = this.#node;
    const model = await loadModel(address);
    const params = resolveParams(model.params ?? {}, given);
    const cluster = new LiveCluster(
      {
        cluster: node.id,
        clusters: node.size,
        place: placementOf(model, node.size, params),
        seed,
        layouts: model.layouts ?? {},
        classes: model.agents,
        mailbox,
        supervision,
        handlerTimeout,
      },
      {
        now: () => this.#now(),
        carry: (to, parcel) => this.#links.carry(to, parcel),
        isFull: (to) => this.#links.isFull(to),
        tell: (notice) => this.#hearCluster(notice),
        wake: () => this.#wake(),
      },
    );
    cluster.pulse = node.pulse;
    this.#cluster = cluster;
    this.#links = new LiveLinks(node, cluster.table, cluster.topics, (parcel) => cluster.accept(parcel));
    populate(model, params, { seed, strict: false }, node.size, (agentClass, id, args) =>
      cluster.populate(agentClass, id, args),
    );
    this.#tellNames();
    const told = `${fingerprint()}, model ${model.name}, live, ${cluster.table.length} names`;
    this.#tell({ type: 'ready', fingerprint: told });
  }

  /** Seconds since the start; the clock of a machine may be set back, this one never goes back. */
  #now(): number {
    this.#lastTime = Math.max(this.#lastTime, (sharedClock() - this.#epoch) / 1000);
    return this.#lastTime;
  }

  // ---------------------------------------------------------------- turns

  /** Does what there is to do, up to a limit; whether there may be more. */
  #turn(): boolean {
    const node = this.#node;
    const cluster = this.#cluster;
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#isInTurn = true;
    node.pulse[PULSE_STATE] = STATE_RUNNING;
    const until = performance.now() + TURN;
    for (let message = node.takeMessage(); message !== undefined; message = node.takeMessage()) {
      this.#hear(message as LiveHostMessage);
    }
    const frames = node.receive(this.#links.read, FRAMES_PER_TURN);
    cluster.onTime();
    cluster.runner.run(CALLS_PER_TURN, () => performance.now() >= until);
    if (cluster.table.wantsSweep) this.#sweep();
    cluster.outbox.tellArrivals();
    this.#links.offer((to) => cluster.outbox.onRoom(to));
    this.#answer();
    this.#tellNews();
    if (cluster.table.renamed.length > 0) this.#tellNames();
    this.#endIfOver();
    this.#setTimer();
    node.pulse[PULSE_STATE] = STATE_WAITING;
    this.#isInTurn = false;
    return cluster.runner.hasMore || frames === FRAMES_PER_TURN;
  }

  /** Waits until something wakes it: an arrival, the timer, or an agent. */
  #rest(): Promise<void> {
    if (!this.#isListening) this.#listen();
    return new Promise((resolve) => {
      this.#goOn = resolve;
    });
  }

  /** There is one arrival at a time: a wait that is over for another reason leaves it where it is. */
  #listen(): void {
    this.#isListening = true;
    this.#node.arrival(LONGEST_TIMER).then(
      () => {
        this.#isListening = false;
        this.#wake();
      },
      (error: unknown) => {
        this.#failure = { error };
        this.#wake();
      },
    );
  }

  #wake(): void {
    if (this.#isInTurn) return;
    const goOn = this.#goOn;
    this.#goOn = undefined;
    goOn?.();
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    const next = Math.min(this.#cluster.nextTime, this.#deadline);
    if (next === Number.POSITIVE_INFINITY) return;
    const wait = Math.ceil((next - this.#now()) * 1000);
    // One that is further away is looked at again on the way.
    this.#timer = setTimeout(() => this.#wake(), Math.max(0, Math.min(wait, LONGEST_TIMER)));
  }

  // ---------------------------------------------------------------- the host

  #hear(message: LiveHostMessage): void {
    const cluster = this.#cluster;
    switch (message.type) {
      case 'start':
        this.#epoch = message.epoch;
        this.#lastTime = 0;
        this.#watch(message.interest);
        cluster.begin();
        return;
      case 'interest':
        this.#watch(message.interest);
        return;
      case 'send':
        cluster.sendOutside(message.ticket, message.to, message.topic, message.body);
        return;
      case 'ask':
        this.#asks.push(message);
        return;
      case 'forget':
        this.#asks = this.#asks.filter(({ ask }) => ask !== message.ask);
        return;
      case 'pause':
        cluster.pause();
        return;
      case 'resume':
        cluster.resume();
        return;
      case 'drain':
        cluster.drain();
        return;
      default:
        this.#deadline = this.#now() + message.grace / 1000;
        cluster.halt();
    }
  }

  #watch(interest: Interest): void {
    this.#news.interest = interest;
    this.#cluster.logLevel = interest.logLevel ?? Number.POSITIVE_INFINITY;
  }

  #hearCluster(notice: Notice): void {
    if (notice.kind === 'open') this.#tell({ type: 'open' });
    else if (notice.kind === 'fatal')
      this.#tell({ type: 'failed', error: packError(notice.error), fatal: false });
    else this.#news.add(notice, this.#now());
    this.#wake();
  }

  #answer(): void {
    if (this.#asks.length === 0) return;
    const cluster = this.#cluster;
    this.#asks = this.#asks.filter(({ ask, wave, alarms }) => {
      if (!cluster.isPassive(alarms)) return true;
      this.#tell({ type: 'standing', ask, wave, standing: cluster.standing });
      return false;
    });
  }

  #endIfOver(): void {
    const cluster = this.#cluster;
    if (this.#hasTold || !cluster.isHalting) return;
    const isLate = this.#now() >= this.#deadline;
    if (!cluster.hasEnded && !isLate) return;
    this.#hasTold = true;
    this.#deadline = Number.POSITIVE_INFINITY;
    const { sent, received } = cluster.standing;
    this.#tell({
      type: 'ended',
      part: {
        counters: { ...cluster.counters },
        agents: cluster.agentsAtEnd,
        reports: cluster.reports,
        abandoned: cluster.abandon(),
        sent,
        received,
      },
    });
  }

  #tellNews(): void {
    const news = this.#news.take();
    if (news.length > 0) this.#tell({ type: 'news', news });
  }

  /** Should an agent never return, the host names it by its index. */
  #tellNames(): void {
    const { table } = this.#cluster;
    const indexes = table.renamed;
    table.renamed = [];
    this.#tell({ type: 'names', indexes, ids: indexes.map((index) => table.ids[index] as AgentId) });
  }

  #tell(message: LiveNodeMessage): void {
    this.#node.post(message);
  }

  /** Forgets names that nobody needs: first those that only the links still know, so that peers may forget them too. */
  #sweep(): void {
    const { table } = this.#cluster;
    const inUse = new Uint8Array(table.length);
    this.#cluster.mark(inUse);
    this.#links.forget(table.unused(inUse));
    this.#links.mark(inUse);
    table.sweep(inUse);
  }
}

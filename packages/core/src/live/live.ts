import { EventEmitter } from 'node:events';
import { SimulationError, show } from '../errors.ts';
import { checkId } from '../ids.ts';
import type { AgentId, Protocol } from '../message.ts';
import { defaultPlace, type Model } from '../model.ts';
import type { LiveEvents } from './events.ts';
import { LiveRun } from './live-run.ts';
import {
  checkIdleOptions,
  checkLiveOptions,
  checkStopOptions,
  type IdleOptions,
  type LiveOptions,
  STOP_TIMEOUT,
  type StopOptions,
} from './options.ts';
import type { SendOutcome } from './parcels.ts';
import type { LiveReport } from './report.ts';

/**
 * A model that runs on the clock on the wall: its clusters run freely, messages go out as they are sent, and handlers
 * may be asynchronous. Messages from one agent to another keep their order; nothing else is promised about order, so
 * there is no digest.
 *
 * ```ts
 * await using live = new Live(new URL('./market.js', import.meta.url), { clusters: 2, transport: threads() });
 * await live.start();
 * await live.send('exchange', 'order', { side: 'buy', price: 10 });
 * await live.idle();
 * const report = await live.stop();
 * ```
 */
export class Live<P extends Protocol = Protocol> extends EventEmitter<LiveEvents> implements AsyncDisposable {
  readonly #clusters: number;
  readonly #run: LiveRun;

  /**
   * @param model the address of a module whose default export is a model; or, for nodes in this thread, a model
   * @throws {SimulationError} `ERR_TROUPE_OPTION`, naming option and value
   */
  constructor(model: URL | Model, options: LiveOptions = {}) {
    super();
    const settings = checkLiveOptions(model, options);
    this.#clusters = settings.clusters;
    const listens = (event: keyof LiveEvents): boolean => this.listenerCount(event) > 0;
    const interest = () => ({
      logLevel: listens('log') ? settings.logLevel : undefined,
      deadLetters: listens('deadLetter'),
      dropped: listens('dropped'),
      overflow: listens('overflow'),
    });
    this.#run = new LiveRun(
      settings,
      { emit: (event, ...args) => (this as EventEmitter).emit(event, ...args), interest },
      STOP_TIMEOUT,
    );
    for (const event of ['newListener', 'removeListener']) {
      // The event comes before the listener.
      (this as EventEmitter).on(event, () => queueMicrotask(() => this.#run.tellInterest()));
    }
  }

  /** Whether it was told to pause, by its owner or by an agent. */
  get paused(): boolean {
    return this.#run.isPaused;
  }

  /**
   * Loads the model into every node and sets up its agents; resolves when all are. From then on messages are delivered.
   *
   * @throws {SimulationError} what the model or its parameters are refused for; `ERR_TROUPE_AGENT_FAILED` for an agent
   *   that fails in its setup; `ERR_TROUPE_RUN_STATE` when it was started before
   */
  start(): Promise<void> {
    return this.#run.start();
  }

  /**
   * Sends a message from outside of all agents. Resolves when it is in the mailbox of its receiver (`accepted`), or was
   * not taken (`dropped`, as the mailbox's policy says; `deadLetter`, where there is no such agent). While a mailbox of
   * policy `wait` is full it takes as long as that.
   *
   * @throws {SimulationError} `ERR_TROUPE_MAILBOX_FULL` with the policy `error`; `ERR_TROUPE_RUN_STATE`
   * @throws {TransportError} where the body cannot be sent
   */
  async send<K extends keyof P & string>(to: AgentId, topic: K, body?: P[K]): Promise<SendOutcome> {
    checkId(to);
    if (typeof topic !== 'string') {
      throw new SimulationError('ERR_TROUPE_TOPIC', `the topic is ${show(topic)}: give a string`, {
        value: topic,
      });
    }
    // Always by the same cluster, so that messages to one agent keep their order; most often it lives there.
    return this.#run.send(defaultPlace(to, this.#clusters), to, topic, body);
  }

  /** Lets agents handle no message until {@link resume}; what they are at goes on, and messages gather. */
  pause(): void {
    this.#run.pause();
  }

  /** Lets a paused run go on. */
  resume(): void {
    this.#run.resume();
  }

  /**
   * Resolves when there was an instant, since the call, at which no message was being handled, waiting in a mailbox or
   * under way anywhere; or when the run has ended.
   *
   * @throws the failure of the run; the signal's reason
   */
  async idle(options: IdleOptions = {}): Promise<void> {
    const { alarms, signal } = checkIdleOptions(options);
    await this.#run.idle(alarms, signal);
  }

  /**
   * Ends the run: no alarm fires any more, what is under way is handled, agents are torn down. Resolves with the report;
   * again, when it is called again, or after an agent has ended the run.
   *
   * @throws the failure of the run
   */
  async stop(options: StopOptions = {}): Promise<LiveReport> {
    const { drain, timeout } = checkStopOptions(options);
    return this.#run.stop(drain, timeout);
  }

  /** Resolves with the report when the run has ended, by {@link stop} or by an agent; rejects when it has failed. */
  finished(): Promise<LiveReport> {
    return this.#run.finished();
  }

  /**
   * Ends all nodes at once; nothing is drained or torn down. Idempotent.
   *
   * @throws the failure of the run, where nothing else has told of it
   */
  close(): Promise<void> {
    return this.#run.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

import { SimulationError } from '../errors.ts';
import type { AgentId } from '../message.ts';
import { Ending, type EndingAction } from './ending.ts';
import type { LiveEvents } from './events.ts';
import { IdleSearches } from './idle-searches.ts';
import { LiveNodes, unpack } from './live-nodes.ts';
import type { LiveSettings } from './options.ts';
import type { SendOutcome } from './parcels.ts';
import type { Interest, LiveHostMessage, LiveNodeMessage, LivePart, News } from './protocol.ts';
import { type LiveReport, sumUp } from './report.ts';
import { Tickets } from './tickets.ts';

/**
 * How much longer than it was given a node may take to tell that it has ended, in milliseconds; and how long agents may
 * take to come to their end when the run has failed.
 */
const GRACE = 1000;

type State = 'new' | 'starting' | 'running' | 'ending' | 'ended' | 'failed' | 'closed';

/** Where what happens in a run is told. */
export interface RunListener {
  emit<K extends keyof LiveEvents>(event: K, ...args: LiveEvents[K]): unknown;
  /** What somebody listens to. */
  interest(): Interest;
}

/** A live run from its start to its end, as its host sees it. */
export class LiveRun {
  isPaused = false;

  readonly #settings: LiveSettings;
  readonly #listener: RunListener;
  readonly #nodes: LiveNodes;
  readonly #searches: IdleSearches;
  readonly #tickets = new Tickets();
  readonly #ending: Ending;
  readonly #parts: LivePart[] = [];
  readonly #open = Promise.withResolvers<void>();
  readonly #finished = Promise.withResolvers<LiveReport>();
  #opened = 0;
  #state: State = 'new';
  #startedAt = 0;
  /** Why it failed, whether anybody was told, and when its nodes are gone. */
  #error: Error | undefined;
  #wasTold = false;
  #failed: Promise<void> | undefined;
  #by: { readonly agent: AgentId; readonly reason: string } | undefined;
  #value: unknown;
  #timer: NodeJS.Timeout | undefined;
  #stopTimeout: number;

  /** @param stopTimeout milliseconds for an end that nobody has given a time for */
  constructor(settings: LiveSettings, listener: RunListener, stopTimeout: number) {
    this.#settings = settings;
    this.#listener = listener;
    this.#stopTimeout = stopTimeout;
    this.#nodes = new LiveNodes(settings, {
      onMessage: (node, message) => this.#hear(node, message),
      onLost: (error) => void this.#fail(error),
    });
    this.#searches = new IdleSearches(settings.clusters, (message) => this.#nodes.tellAll(message));
    this.#ending = new Ending(settings.clusters);
    // Whoever asks is told; whoever does not is told by close().
    this.#open.promise.catch(() => {});
    this.#finished.promise.catch(() => {});
  }

  async start(): Promise<void> {
    this.#require('new');
    this.#state = 'starting';
    try {
      await this.#nodes.launch();
      this.#startedAt = performance.now();
      this.#nodes.begin(this.#listener.interest());
      await this.#open.promise;
    } catch (error) {
      this.#wasTold = true;
      await this.#fail(error as Error);
      throw this.#error;
    }
  }

  send(entry: number, to: AgentId, topic: string, body: unknown): Promise<SendOutcome> {
    this.#require('running');
    return this.#tickets.give((ticket) => this.#nodes.tell(entry, { type: 'send', ticket, to, topic, body }));
  }

  pause(): void {
    this.#require('running');
    this.#setPaused(true);
  }

  resume(): void {
    this.#require('running');
    this.#setPaused(false);
  }

  #setPaused(isPaused: boolean): void {
    if (this.isPaused === isPaused) return;
    this.isPaused = isPaused;
    const message: LiveHostMessage = { type: isPaused ? 'pause' : 'resume' };
    this.#nodes.tellAll(message);
    this.#listener.emit(isPaused ? 'paused' : 'resumed');
  }

  async idle(alarms: boolean, signal: AbortSignal | undefined): Promise<void> {
    if (this.#state === 'ended') return;
    if (this.#state !== 'ending') this.#require('running');
    await this.#searches.begin(alarms, signal);
  }

  stop(drain: boolean, timeout: number): Promise<LiveReport> {
    if (this.#state !== 'ending' && this.#state !== 'ended') this.#require('running');
    if (this.#state === 'running') this.#stopTimeout = timeout;
    this.#act(this.#ending.stop(drain));
    return this.finished();
  }

  async finished(): Promise<LiveReport> {
    try {
      return await this.#finished.promise;
    } catch (error) {
      this.#wasTold = true;
      throw error;
    }
  }

  async close(): Promise<void> {
    const reason = new SimulationError('ERR_TROUPE_RUN_STATE', 'the live run was closed');
    const failure = this.#error;
    if (this.#state === 'ended' || this.#state === 'closed') await this.#nodes.close(reason);
    else await this.#fail(reason);
    const isUntold = failure !== undefined && !this.#wasTold;
    this.#wasTold = true;
    this.#state = 'closed';
    if (isUntold) throw failure;
  }

  /** Somebody has begun or ceased to listen. */
  tellInterest(): void {
    if (this.#state !== 'running' && this.#state !== 'ending') return;
    this.#nodes.tellAll({ type: 'interest', interest: this.#listener.interest() });
  }

  #require(state: 'new' | 'running'): void {
    if (this.#state === state) return;
    if (this.#error !== undefined && this.#state !== 'closed') {
      this.#wasTold = true;
      throw this.#error;
    }
    throw new SimulationError('ERR_TROUPE_RUN_STATE', `the live run ${STATES[this.#state]}`);
  }

  // ---------------------------------------------------------------- what the nodes tell

  #hear(node: number, message: LiveNodeMessage): void {
    switch (message.type) {
      case 'open':
        this.#opened += 1;
        if (this.#opened < this.#settings.clusters || this.#state !== 'starting') return;
        this.#state = 'running';
        this.#open.resolve();
        return;
      case 'news':
        for (const news of message.news) this.#hearNews(node, news);
        return;
      case 'standing':
        this.#searches.hear(node, message, this.#tickets.given);
        return;
      case 'ended':
        this.#parts[node] = message.part;
        this.#act(this.#ending.ended(node));
        return;
      case 'failed':
        // The nodes still stand: agents are torn down before the run rejects.
        this.#error ??= unpack(message.error, node);
        this.#stopTimeout = Math.min(this.#stopTimeout, GRACE);
        this.#act(this.#ending.stop(false));
    }
  }

  #hearNews(node: number, news: News): void {
    switch (news.kind) {
      case 'log':
        this.#listener.emit('log', news.entry);
        return;
      case 'deadLetter':
        this.#listener.emit('deadLetter', news.letter);
        return;
      case 'dropped':
        this.#listener.emit('dropped', news.message);
        return;
      case 'overflow':
        this.#listener.emit('overflow', news.overflow);
        return;
      case 'failure': {
        const error = unpack(news.error, node) as SimulationError;
        this.#listener.emit('failure', { agent: error.agent as AgentId, error, action: news.action });
        return;
      }
      case 'outcome':
        this.#tickets.resolve(news.ticket, news.outcome);
        return;
      case 'refusal':
        this.#tickets.reject(news.ticket, unpack(news.error, node));
        return;
      case 'pause':
        // A run that is coming to its end is not held up.
        if (this.#state === 'ending') this.#nodes.tell(node, { type: 'resume' });
        else this.#setPaused(true);
        return;
      case 'stop':
        if (this.#by === undefined) {
          this.#by = { agent: news.agent, reason: news.reason };
          this.#value = news.value;
        }
        this.#act(this.#ending.stop(false));
    }
  }

  // ---------------------------------------------------------------- the end

  #act(action: EndingAction | undefined): void {
    switch (action) {
      case 'drain':
        this.#state = 'ending';
        this.#setPaused(false);
        this.#nodes.tellAll({ type: 'drain' });
        // Should the run fail meanwhile, finished() tells.
        this.#searches.begin(false).then(
          () => this.#act(this.#ending.idle()),
          () => {},
        );
        this.#setTimer(this.#stopTimeout);
        return;
      case 'halt':
        this.#state = 'ending';
        this.#nodes.tellAll({ type: 'halt', grace: this.#stopTimeout });
        this.#setTimer(this.#stopTimeout + GRACE);
        return;
      case 'complete':
        clearTimeout(this.#timer);
        this.#complete();
        return;
      case 'giveUp':
        void this.#fail(
          this.#error ??
            new SimulationError(
              'ERR_TROUPE_NODE_STALLED',
              `node ${this.#ending.missing.join(', ')} did not end within ${this.#stopTimeout + GRACE} ms: a handler does not return; mend it`,
              { node: this.#ending.missing[0] as number },
            ),
        );
    }
  }

  #setTimer(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#act(this.#ending.tooLate()), milliseconds);
  }

  #complete(): void {
    if (this.#error !== undefined) {
      void this.#fail(this.#error);
      return;
    }
    const report = sumUp(this.#parts, this.#tickets.given, {
      reason: this.#by === undefined ? 'ended' : 'stopped',
      ...(this.#by === undefined ? {} : { by: this.#by, value: this.#value }),
      drained: this.#ending.drained,
      wallTime: (performance.now() - this.#startedAt) / 1000,
      seed: this.#settings.data.seed,
    });
    const reason = new SimulationError(
      'ERR_TROUPE_RUN_STATE',
      'the run has ended: the message was not taken any more',
    );
    this.#nodes.close(reason).then(
      () => {
        if (this.#state === 'ending') this.#state = 'ended';
        // An agent may have ended the run in its setup.
        this.#open.resolve();
        this.#tickets.rejectAll(reason);
        this.#searches.resolveAll();
        this.#finished.resolve(report);
      },
      (error: unknown) => void this.#fail(error as Error),
    );
  }

  /** The run is over, and has failed. Whoever waits hears of it when the nodes are gone; so does who awaits this. */
  #fail(error: Error): Promise<void> {
    if (this.#state === 'ended' || this.#state === 'closed') return Promise.resolve();
    this.#failed ??= this.#failOnce(this.#error ?? error);
    return this.#failed;
  }

  async #failOnce(error: Error): Promise<void> {
    this.#state = 'failed';
    this.#error = error;
    clearTimeout(this.#timer);
    try {
      await this.#nodes.close(error);
    } catch (cause) {
      this.#error = new AggregateError([error, cause], error.message);
    }
    this.#open.reject(this.#error);
    if (this.#tickets.rejectAll(this.#error)) this.#wasTold = true;
    if (this.#searches.rejectAll(this.#error)) this.#wasTold = true;
    this.#finished.reject(this.#error);
  }
}

/** What is wrong with a call in each state. */
const STATES: Readonly<Record<State, string>> = {
  new: 'was not started: await start() first',
  starting: 'is starting: await start() first',
  running: 'was started before: make another',
  ending: 'is coming to its end: make another',
  ended: 'has ended: make another',
  failed: 'has failed: make another',
  closed: 'is closed: make another',
};

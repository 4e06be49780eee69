import { type Channel, channel } from 'node:diagnostics_channel';
import { copyBody } from '@troupe/transport';
import type { AgentTable } from './agent-table.ts';
import { type Bytes, hashBody, hashBytes, type RunDigest } from './digest.ts';
import { Hash } from './hash.ts';
import type { AgentId } from './message.ts';
import type { TrafficRecorder } from './placement/traffic-recorder.ts';

/** One delivery: who got what, when. */
export interface EventRecord {
  /** Simulated time in seconds. */
  readonly time: number;
  readonly round: number;
  /** Who got it. */
  readonly to: AgentId;
  readonly from: AgentId;
  readonly topic: string;
  readonly body: unknown;
  /** Simulated time at which it was sent. */
  readonly sentAt: number;
}

/** The same, of one cluster, with ids as they are. */
export interface NodeCounters {
  readonly byTopic: Record<string, number>;
  readonly byAgent: readonly (readonly [AgentId, number])[];
}

/** How many messages were delivered, by topic and by agent. */
export interface Counters {
  readonly byTopic: Record<string, number>;
  readonly byAgent: Record<string, number>;
}

export interface Watch {
  readonly digest: boolean;
  readonly counters: boolean;
  /** Called for each delivery, before the agent is. */
  readonly onEvent: ((event: EventRecord) => void) | undefined;
}

/**
 * `node:diagnostics_channel` names: `troupe:event` for each delivery ({@link EventRecord}), `troupe:run:start` and
 * `troupe:run:end` for runs, `troupe:dead-letter` for messages that reached nobody.
 */
const EVENT_CHANNEL = channel('troupe:event');
export const RUN_START_CHANNEL: Channel = channel('troupe:run:start');
export const RUN_END_CHANNEL: Channel = channel('troupe:run:end');
export const DEAD_LETTER_CHANNEL: Channel = channel('troupe:dead-letter');

/** What is kept of each delivery, as far as it was asked for. */
export class Observer {
  /** Whether there is anything to do per delivery; looked at once per run or window. */
  active = false;

  /** Counts who talks to whom, where it is wanted. */
  recorder: TrafficRecorder | undefined;

  readonly #watch: Watch;
  readonly #table: AgentTable;
  readonly #hash = new Hash();
  readonly #topicHashes = new Map<string, number>();
  readonly #byTopic = new Map<string, number>();
  readonly #byAgent = new Map<AgentId, number>();

  constructor(watch: Watch, table: AgentTable) {
    this.#watch = watch;
    this.#table = table;
    this.refresh();
  }

  /** Looks again whether anyone listens. */
  refresh(): void {
    const { digest, counters, onEvent } = this.#watch;
    this.active =
      digest ||
      counters ||
      onEvent !== undefined ||
      this.recorder !== undefined ||
      EVENT_CHANNEL.hasSubscribers;
  }

  /** @param laidOut the body as bytes, where its layout has a fixed size; hashed as they are */
  observe(
    receiver: number,
    sender: number,
    topic: string,
    body: unknown,
    laidOut: Bytes | undefined,
    time: number,
    round: number,
    sentAt: number,
  ): void {
    const table = this.#table;
    this.recorder?.record(sender, receiver);
    if (this.#watch.digest) {
      const hash = this.#hash;
      const { digests } = table;
      hash.set(digests[receiver * 2] as number, digests[receiver * 2 + 1] as number);
      hash.float(time);
      hash.word(round);
      hash.word(table.idHashes[sender * 2] as number);
      hash.word(table.idHashes[sender * 2 + 1] as number);
      hash.word(this.#topicHash(topic));
      if (laidOut === undefined) hashBody(hash, body);
      else hashBytes(hash, laidOut);
      digests[receiver * 2] = hash.a;
      digests[receiver * 2 + 1] = hash.b;
    }
    if (this.#watch.counters) {
      const id = table.ids[receiver] as AgentId;
      this.#byTopic.set(topic, (this.#byTopic.get(topic) ?? 0) + 1);
      this.#byAgent.set(id, (this.#byAgent.get(id) ?? 0) + 1);
    }
    const { onEvent } = this.#watch;
    if (onEvent !== undefined || EVENT_CHANNEL.hasSubscribers) {
      const event: EventRecord = {
        time,
        round,
        to: table.ids[receiver] as AgentId,
        from: table.ids[sender] as AgentId,
        topic,
        body: copyBody(body),
        sentAt,
      };
      onEvent?.(event);
      EVENT_CHANNEL.publish(event);
    }
  }

  /** Adds the agent at `index` to the digest of the run. */
  fold(index: number, into: RunDigest): void {
    const { digests, idHashes } = this.#table;
    into.add(
      idHashes[index * 2] as number,
      idHashes[index * 2 + 1] as number,
      digests[index * 2] as number,
      digests[index * 2 + 1] as number,
    );
  }

  /** Forgets what was counted for an agent that moves away; answers it. */
  release(id: AgentId): number {
    const count = this.#byAgent.get(id) ?? 0;
    this.#byAgent.delete(id);
    return count;
  }

  /** Goes on counting for an agent that has come. */
  resume(id: AgentId, count: number): void {
    if (count > 0) this.#byAgent.set(id, count);
  }

  counters(): NodeCounters | undefined {
    if (!this.#watch.counters) return undefined;
    return {
      byTopic: Object.fromEntries([...this.#byTopic].sort(([a], [b]) => (a < b ? -1 : 1))),
      byAgent: [...this.#byAgent],
    };
  }

  #topicHash(topic: string): number {
    let known = this.#topicHashes.get(topic);
    if (known === undefined) {
      const hash = new Hash();
      hash.text(topic);
      hash.finish();
      known = hash.a;
      this.#topicHashes.set(topic, known);
    }
    return known;
  }
}

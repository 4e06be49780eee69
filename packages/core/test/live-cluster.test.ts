import { Agent, type AgentId, type LogEntry, type Message } from '@troupe/core';
import { PULSE_CELLS } from '@troupe/transport';
import { describe, expect, test } from 'vitest';
import { LiveCluster } from '../src/live/cluster.ts';
import { Newsletter } from '../src/live/newsletter.ts';
import type { Notice, Parcel } from '../src/live/parcels.ts';
import { Watchdog } from '../src/live/watchdog.ts';
import { PULSE_AGENT, PULSE_EVENTS, PULSE_STATE, STATE_RUNNING, STATE_WAITING } from '../src/pulse.ts';

type Talk = { go: number; say: number };

/** Tells the other cluster of each message that it gets. */
class Teller extends Agent<Talk> {
  override receive({ body }: Message<Talk>): void {
    this.send('there', 'say', body);
  }
}

/** A cluster of two, alone: what it sends is kept, and nothing comes but what the test says. */
function alone(
  options: { capacity?: number; whenFull?: 'wait' | 'drop-newest'; isFull?: () => boolean } = {},
) {
  const carried: Parcel[] = [];
  const notices: Notice[] = [];
  const cluster = new LiveCluster(
    {
      cluster: 0,
      clusters: 2,
      place: (id: AgentId) => (id === 'there' ? 1 : 0),
      seed: 1,
      layouts: {},
      classes: [Teller],
      mailbox: { capacity: options.capacity ?? 3, whenFull: options.whenFull ?? 'wait' },
      supervision: { onError: 'stop', maxRestarts: 0, within: 0 },
      handlerTimeout: 0,
    },
    {
      now: () => 0,
      carry: (_to, parcel) => void carried.push(parcel),
      isFull: options.isFull ?? (() => false),
      tell: (notice) => void notices.push(notice),
      wake: () => {},
    },
  );
  cluster.populate(Teller, 'here', []);
  cluster.begin();
  const run = (): void => cluster.runner.run(100, () => false);
  run();
  cluster.accept({ kind: 'ready' });
  const give = (body: number): void =>
    cluster.accept({
      kind: 'message',
      from: 'there',
      receiver: 'here',
      to: 'here',
      topic: 'go',
      body,
      sentAt: 0,
    });
  const sent = (): unknown[] => carried.flatMap((parcel) => (parcel.kind === 'message' ? [parcel.body] : []));
  return { cluster, carried, notices, run, give, sent };
}

describe('an agent of a live cluster', () => {
  test('has no more messages under way to other clusters than a mailbox holds', () => {
    const { cluster, run, give, sent } = alone();
    for (let body = 0; body < 8; body += 1) give(body);
    run();
    expect(sent()).toEqual([0, 1, 2]);
    cluster.accept({ kind: 'arrived', sender: 'here', count: 2 });
    run();
    expect(sent()).toEqual([0, 1, 2, 3, 4]);
    cluster.accept({ kind: 'arrived', sender: 'nobody', count: 2 });
    cluster.accept({ kind: 'arrived', sender: 'here', count: 99 });
    run();
    expect(sent()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('has no such limit where mailboxes drop, and nothing is told of arrivals there', () => {
    const { cluster, carried, run, give, sent } = alone({ capacity: 3, whenFull: 'drop-newest' });
    for (let body = 0; body < 3; body += 1) {
      for (let count = 0; count < 3; count += 1) give(body);
      run();
    }
    expect(sent()).toHaveLength(9);
    cluster.outbox.tellArrivals();
    expect(carried.some(({ kind }) => kind === 'arrived')).toBe(false);
  });

  test('is told of as having arrived once in a turn, however much it was', () => {
    const { cluster, carried, give } = alone();
    for (let body = 0; body < 5; body += 1) give(body);
    expect(cluster.outbox.hasNotes).toBe(true);
    cluster.outbox.tellArrivals();
    cluster.outbox.tellArrivals();
    expect(carried.filter(({ kind }) => kind === 'arrived')).toEqual([
      { kind: 'arrived', sender: 'there', count: 5 },
    ]);
  });

  test('waits while a link that it has sent over is full', () => {
    let isFull = true;
    const { cluster, run, give, sent } = alone({ isFull: () => isFull });
    for (let body = 0; body < 3; body += 1) give(body);
    run();
    expect(sent()).toEqual([0]);
    cluster.outbox.onRoom(1);
    run();
    expect(sent()).toEqual([0, 1]);
    isFull = false;
    cluster.outbox.onRoom(1);
    cluster.outbox.onRoom(1);
    run();
    expect(sent()).toEqual([0, 1, 2]);
  });

  test('waits for those who do not take its messages, until the last of them has', () => {
    const { cluster, run, give, sent } = alone();
    cluster.accept({ kind: 'hold', sender: 'here', receiver: 'there' });
    cluster.accept({ kind: 'hold', sender: 'here', receiver: 'elsewhere' });
    give(1);
    run();
    cluster.accept({ kind: 'release', sender: 'here', receiver: 'there' });
    run();
    expect(sent()).toEqual([]);
    cluster.accept({ kind: 'release', sender: 'here', receiver: 'elsewhere' });
    run();
    expect(sent()).toEqual([1]);
  });
});

test('a newsletter has what somebody listens to, of each kind no more than 1,000 in a second', () => {
  const newsletter = new Newsletter();
  const entry: LogEntry = { level: 'info', time: 0, round: 0, agent: 'a', text: '', data: undefined };
  const letter = { time: 0, round: 0, to: 'a', from: 'b', topic: 'c' };
  const add = (now: number): void => {
    for (let count = 0; count < 1500; count += 1) {
      newsletter.add({ kind: 'log', entry }, now);
      newsletter.add({ kind: 'deadLetter', letter }, now);
    }
  };
  add(0);
  expect(newsletter.take()).toHaveLength(0);
  newsletter.interest = { logLevel: 0, deadLetters: true, dropped: false, overflow: false };
  add(0.5);
  add(0.9);
  expect(newsletter.take()).toHaveLength(2000);
  add(1);
  expect(newsletter.take()).toHaveLength(2000);
  // What must be known is never left out.
  for (let count = 0; count < 1500; count += 1) {
    newsletter.add({ kind: 'outcome', ticket: count, outcome: 'accepted' }, 1);
  }
  newsletter.add({ kind: 'open' }, 1);
  expect(newsletter.take()).toHaveLength(1500);
});

test('a watchdog finds the node that is in one call for too long, and no other', () => {
  const pulses = [new Float64Array(PULSE_CELLS), new Float64Array(PULSE_CELLS)] as const;
  const watchdog = new Watchdog(100);
  const set = (node: 0 | 1, calls: number, agent: number, state: number): void => {
    pulses[node][PULSE_EVENTS] = calls;
    pulses[node][PULSE_AGENT] = agent;
    pulses[node][PULSE_STATE] = state;
  };
  for (let now = 0; now < 1000; now += 50) {
    set(0, now, 3, STATE_RUNNING);
    set(1, 7, 3, STATE_WAITING);
    expect(watchdog.look(pulses, now)).toBeUndefined();
  }
  set(1, 8, 5, STATE_RUNNING);
  for (let now = 1000; now < 1100; now += 50) {
    set(0, now, 3, STATE_RUNNING);
    expect(watchdog.look(pulses, now)).toBeUndefined();
  }
  set(0, 1, 3, STATE_RUNNING);
  expect(watchdog.look(pulses, 1120)).toEqual({ node: 1, agent: 5, since: 120 });
});

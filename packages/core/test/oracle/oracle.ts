import type { AgentId, EndReason, RunOptions, Subscription } from '@troupe/core';
import { copyBody } from '@troupe/transport';
import { compareIds } from '../../src/ids.ts';
import type { Deeds, Failure, Halt, Item, Living, Make, Oracle, OracleOptions, Subscribed } from './stage.ts';
import { duplicate, failureOf, hears, isSame, layOut, precedes, tieOf } from './stage.ts';

/** What the kernel must do, said once more in as few words as possible and with no optimisation. */
// biome-ignore format: at most 150 lines
export function createOracle({ seed, lookahead, onError, ties, layouts, witness }: OracleOptions): Oracle {
  const now = { time: 0, round: -1 };
  const agents = new Map<AgentId, Living>();
  const counts = new Map<AgentId, number>();
  let pending: Item[] = [];
  let early: Item[] | undefined = []; // while the agents of the beginning are set up: what waits until all are
  let subscriptions: Subscribed[] = [];
  let events = 0;
  let [halt, failure]: [Halt?, Failure?] = [];
  function run(options: RunOptions = {}): ReturnType<Oracle['run']> {
    const { until = Infinity, maxEvents = Infinity, stopWhenIdle = true, clearAlarmsAtEnd = false } = options;
    const target = events + maxEvents;
    halt = undefined;
    if (early !== undefined) setUp(early);
    let reason: EndReason | undefined;
    while (reason === undefined) {
      const bound = Math.min(until, nextTime() + lookahead);
      if (failure !== undefined) throw failure;
      if (halt !== undefined) reason = (halt as Halt).kind;
      else if (events >= target) reason = 'maxEvents';
      else if (stopWhenIdle && pending.every(({ unref }) => unref)) reason = 'idle';
      else if (nextTime() >= until) reason = 'until';
      else do runRound(); while (nextTime() < bound && !halt && !failure);
    }
    if (clearAlarmsAtEnd) take(pending.filter(({ alarm }) => alarm));
    if (reason === 'until' && until > now.time) Object.assign(now, { time: until, round: -1 });
    return { reason, halt };
  }
  /** Subscriptions hold when all are set up; then what was sent meanwhile finds its subscribers. */
  function setUp(waiting: readonly Item[]): void {
    for (const living of agents.values()) attempt(living, undefined, () => living.part.setup());
    early = undefined;
    for (const { act } of waiting) act?.();
    for (const item of waiting) if (item.act === undefined) pending.push(...copiesOf(item));
  }
  const nextTime = (): number => pending.sort(compare)[0]?.due ?? Infinity;
  /** By when it is due; then the canonical order: time sent, round sent, sender, the sender's own count. */
  function compare(a: Item, b: Item): number {
    const bySent = a.sentAt - b.sentAt || a.sentRound - b.sentRound || a.tie - b.tie;
    return a.due - b.due || a.round - b.round || bySent || compareIds(a.from, b.from) || a.count - b.count;
  }
  function runRound(): void {
    const { due, round } = pending[0] as Item;
    Object.assign(now, { time: due, round });
    const batch = pending.filter((item) => item.due === due && item.round === round);
    take(batch.filter(({ act }) => act !== undefined));
    for (const { act } of batch) act?.();
    if (halt !== undefined) return;
    const messages = batch.filter(({ act }) => act === undefined);
    // An alarm to oneself can be looked at until it is handed over.
    take(messages.filter(({ from, receiver }) => receiver !== from));
    const copies = messages.flatMap((item) => (item.receiver === undefined ? copiesOf(item) : item));
    for (const id of [...new Set(copies.map(({ receiver }) => receiver as AgentId))].sort(compareIds)) {
      const inbox = copies.filter(({ receiver }) => receiver === id);
      if (agents.get(id)?.part.batched) handOver(id, inbox);
      else for (const item of inbox) handOver(id, [item]);
    }
  }
  function handOver(id: AgentId, items: readonly Item[]): void {
    const living = agents.get(id);
    take(items);
    if (living === undefined || living.state === 'condemned') {
      for (const { from, topic } of items) witness.lost({ ...now, to: id, from, topic });
    } else if (living.state === 'well') {
      events += items.length;
      for (const { from, topic, body, sentAt, bytes } of items)
        witness.delivered({ ...now, to: id, from, topic, body: copyBody(body), sentAt }, bytes);
      attempt(living, items[0]?.topic, () => living.part.update(items));
    }
  }
  /** Who throws ends the run with this round, or is removed, or set up again, or just goes on. */
  function attempt(living: Living, topic: string | undefined, act: () => void, leaving = false): void {
    const explain = (error: unknown): Failure => failureOf(living.id, topic, error, now, seed);
    try { act(); } catch (error) {
      if (onError === 'stop' || early !== undefined) { living.state = 'ended'; end(explain(error)); return; }
      witness.failed(explain(error));
      if (leaving || onError === 'continue') return;
      if (onError === 'remove') { living.state = 'condemned'; living.deeds.remove(living.id); return; }
      try { living.part.teardown(); living.part.setup(); } catch (again) { living.state = 'ended'; end(explain(again)); }
    }
  }
  function end(failed: Failure): void { if (failure === undefined || precedes(failed, failure)) failure = failed; }
  function add(id: AgentId, make: Make, by = id): void {
    if (agents.has(id)) { end(failureOf(by, undefined, duplicate(id), now, seed)); return; }
    const deeds = deedsOf(id);
    const living: Living = { id, deeds, part: make(deeds), state: 'well' };
    agents.set(id, living);
    if (early === undefined) attempt(living, undefined, () => living.part.setup());
  }
  function evict(id: AgentId): void {
    const living = agents.get(id);
    unsubscribe(id);
    if (living === undefined) return;
    take(living.deeds.alarms().filter(({ receiver, due }) => receiver === id && due > now.time));
    attempt(living, undefined, () => living.part.teardown(), true);
    agents.delete(id);
    witness.left(id);
  }
  function take(items: readonly Item[]): void { pending = pending.filter((item) => !items.includes(item)); }
  function unsubscribe(id: AgentId, what?: Subscription): void {
    subscriptions = subscriptions.filter(({ by, to }) => by !== id || (what !== undefined && !isSame(what, to)));
  }
  /** Copies for all who listen, but the receiver. */
  function copiesOf(item: Item): Item[] {
    const ids = new Set(subscriptions.filter(({ to }) => hears(to, item)).map(({ by }) => by));
    ids.delete(item.receiver as AgentId);
    return [...ids].map((receiver) => ({ ...item, receiver, body: copyBody(item.body), bytes: undefined }));
  }
  function deedsOf(id: AgentId): Deeds {
    function post(due: number, to: AgentId | undefined, topic: string, more: Partial<Item>, into = pending): Item {
      const sent = { sentAt: now.time, sentRound: now.round, from: id, count: counts.get(id) ?? 0 };
      const when = { due, round: due > now.time ? 0 : now.round + 1, tie: ties === 'seeded' ? tieOf(seed, sent) : 0 };
      const item = { ...sent, ...when, to, receiver: to, topic, body: undefined, ...more };
      counts.set(id, sent.count + 1);
      into.push(item);
      return item;
    }
    const command = (act: () => void, into?: Item[]): unknown =>
      post(early === undefined ? now.time + lookahead : now.time, undefined, '', { act }, into);
    return {
      id,
      send(to, topic, body, due, { direct, ...kind } = {}) {
        const item = post(due, to, topic, { ...layOut(layouts[topic], body), ...kind });
        if (to !== undefined && !direct) (early ?? pending).push(...(early ? [item] : copiesOf(item)));
        return item;
      },
      alarms: () => pending.filter(({ alarm, from }) => alarm && from === id).sort(compare),
      cancel(item) {
        const inTime = item.due > now.time && (item.receiver === id || item.due >= now.time + lookahead);
        if (inTime) take([item]);
        return inTime;
      },
      subscribe: (to) => command(() => subscriptions.push({ by: id, to }), early),
      unsubscribe: (what) => command(() => unsubscribe(id, what), early),
      subscriptions: () => subscriptions,
      add: (child, make) => command(() => add(child, make, id)),
      remove: (other) => command(() => evict(other)),
      halt: (kind, reason, value) => command(() => { halt ??= { kind, by: { agent: id, reason }, value }; }),
    };
  }
  return { now, add, run };
}

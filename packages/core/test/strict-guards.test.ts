import crypto, { randomInt, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import os, { cpus, hostname } from 'node:os';
import { performance as perfHooks } from 'node:perf_hooks';
import timers from 'node:timers';
import timersPromises, { setTimeout as delay } from 'node:timers/promises';
import {
  Agent,
  type Message,
  Scheduler,
  type SchedulerOptions,
  Simulation,
  SimulationError,
} from '@troupe/core';
import { inProcess } from '@troupe/transport';
import { describe, expect, test, vi } from 'vitest';
import { strictGuards } from '../src/strict-guards.ts';
import { guardedThings } from '../src/strict-table.ts';

type Errand = { go: undefined; on: undefined };

/** Does what it is told, when it is told. */
class Doer extends Agent<Errand> {
  readonly #what: (agent: Doer) => unknown;

  constructor(what: (agent: Doer) => unknown) {
    super('doer');
    this.#what = what;
  }

  override receive({ topic }: Message<Errand>): void {
    if (topic === 'go') this.report('answer', typeof this.#what(this));
  }
}

function run(agent: Agent<Errand>, options: SchedulerOptions = {}) {
  const scheduler = new Scheduler<Errand>({ strict: true, ...options });
  scheduler.add(agent);
  scheduler.send('doer', 'go', undefined, 3);
  return scheduler.run();
}

/** The error in which what an agent does ends, and what it says of it. */
function refusalOf(what: () => unknown): SimulationError {
  try {
    what();
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_TROUPE_AGENT_FAILED', agent: 'doer' });
    expect((error as Error).cause).toBeInstanceOf(SimulationError);
    return (error as Error).cause as SimulationError;
  }
  throw new Error('nothing was refused');
}

const refused = (what: (agent: Doer) => unknown): SimulationError => refusalOf(() => run(new Doer(what)));

const DATE = new Date(0);
const WEAK = new WeakRef({});
const NOTHING = (): void => {};

/** By name: a use that must be refused. */
const FORBIDDEN: Readonly<Record<string, () => unknown>> = {
  'Math.random': () => Math.random(),
  'crypto.randomUUID': () => globalThis.crypto.randomUUID(),
  'crypto.getRandomValues': () => globalThis.crypto.getRandomValues(new Uint8Array(1)),
  'crypto.subtle.generateKey': () => globalThis.crypto.subtle.generateKey('Ed25519', false, ['sign']),
  'crypto.randomBytes': () => crypto.randomBytes(1),
  'crypto.randomFillSync': () => crypto.randomFillSync(new Uint8Array(1)),
  'crypto.randomInt': () => randomInt(5),
  'crypto.generateKeySync': () => crypto.generateKeySync('aes', { length: 128 }),
  'Date.now': () => Date.now(),
  'new Date': () => new Date(),
  'performance.now': () => performance.now(),
  'performance.timeOrigin': () => performance.timeOrigin,
  'performance.mark': () => performance.mark('here'),
  'performance.eventLoopUtilization': () => performance.eventLoopUtilization(),
  'process.hrtime': () => process.hrtime(),
  'process.hrtime.bigint': () => process.hrtime.bigint(),
  'process.uptime': () => process.uptime(),
  'process.cpuUsage': () => process.cpuUsage(),
  'process.memoryUsage': () => process.memoryUsage(),
  'process.memoryUsage.rss': () => process.memoryUsage.rss(),
  'process.resourceUsage': () => process.resourceUsage(),
  'os.cpus': () => cpus(),
  'os.loadavg': () => os.loadavg(),
  'os.hostname': () => hostname(),
  'new WeakRef': () => new WeakRef({}),
  'new FinalizationRegistry': () => new FinalizationRegistry(NOTHING),
  'WeakRef.prototype.deref': () => WEAK.deref(),
  setTimeout: () => setTimeout(NOTHING, 0),
  setInterval: () => setInterval(NOTHING, 0),
  setImmediate: () => setImmediate(NOTHING),
  queueMicrotask: () => queueMicrotask(NOTHING),
  'timers.setTimeout': () => timers.setTimeout(NOTHING, 0),
  'timers.setImmediate': () => timersPromises.setImmediate(),
  fetch: () => fetch('data:,'),
  'new Intl.Collator': () => new Intl.Collator(),
  'Intl.NumberFormat': () => Intl.NumberFormat(),
  'new Intl.DateTimeFormat': () => new Intl.DateTimeFormat('en'),
  'new Intl.Segmenter': () => new Intl.Segmenter(undefined),
  'new Intl.PluralRules': () => new Intl.PluralRules([]),
  'String.prototype.localeCompare': () => 'a'.localeCompare('b'),
  'String.prototype.toLocaleUpperCase': () => 'i'.toLocaleUpperCase(),
  'Number.prototype.toLocaleString': () => (1234.5).toLocaleString(),
  'BigInt.prototype.toLocaleString': () => 1234n.toLocaleString(),
  'Array.prototype.toLocaleString': () => [1.5].toLocaleString(),
  'TypedArray.prototype.toLocaleString': () => new Float64Array([1.5]).toLocaleString(),
  'Date.prototype.toLocaleString': () => DATE.toLocaleString('en'),
  'Date.prototype.toLocaleDateString': () => DATE.toLocaleDateString(),
  'Date.prototype.toLocaleTimeString': () => DATE.toLocaleTimeString(undefined, { timeZone: 'UTC' }),
  'Date.prototype.getHours': () => DATE.getHours(),
  'Date.prototype.getTimezoneOffset': () => DATE.getTimezoneOffset(),
  'Date.prototype.setMonth': () => new Date(0).setMonth(3),
  'Date.prototype.toString': () => `${DATE}`,
};

describe('in strict mode a handler that', () => {
  test.each(Object.keys(FORBIDDEN))('uses %s is refused, by name', (name) => {
    const error = refused(FORBIDDEN[name] as () => unknown);
    expect(error).toMatchObject({ code: 'ERR_TROUPE_STRICT', agent: 'doer', topic: 'go' });
    expect(error.message).toMatch(/^agent "doer" uses .* on topic "go": .*; /);
    expect(error.message).toContain(`uses ${name} on`);
  });

  test('asks for the date as text, or in the time zone of the machine, is refused', () => {
    // A call without new answers a text.
    expect(refused(() => (Date as unknown as () => string)()).message).toContain(
      'uses Date on topic "go": it reads',
    );
    expect(refused(() => new Date(2020, 1)).message).toContain('use Date.UTC');
  });

  test('catches the error is refused all the same', () => {
    const error = refused(() => {
      try {
        return Math.random();
      } catch {
        return 0.5;
      }
    });
    expect(error.value).toBe('Math.random');
    const other = refused(() => {
      try {
        return Date.now();
      } catch {
        throw new Error('something else');
      }
    });
    expect(other.value).toBe('Date.now');
  });

  test.each<[string, () => unknown]>([
    ['imports a module', () => void import('node:path')],
    ['reads a file', () => void readFile(import.meta.filename)],
    ['calls an asynchronous function', () => void (async () => {})()],
    ['makes a promise', () => void Promise.resolve(1).then(NOTHING)],
  ])('%s and does not wait for it is refused', (_what, use) => {
    const error = refused(use);
    expect(error).toMatchObject({ code: 'ERR_TROUPE_STRICT', agent: 'doer', topic: 'go', value: 'Promise' });
    expect(error.message).toContain('makes a promise on topic "go"');
    expect(error.stack).toContain('strict-guards.test.ts');
  });

  test('does what is the same everywhere may do it', () => {
    const harmless: (() => unknown)[] = [
      () => new Date(5).toISOString(),
      () => new Date('2020-02-02T00:00:00Z').getUTCDay(),
      () => Date.UTC(2020, 1) + Date.parse('2020-02-02T00:00:00Z'),
      () => new Date(5) instanceof Date && DATE instanceof Date,
      () => new Date(5).constructor === Date,
      () => JSON.stringify(DATE),
      () => new Intl.NumberFormat('en').format(1),
      () => new Intl.DateTimeFormat('en', { timeZone: 'UTC' }).format(DATE),
      () => 'a'.localeCompare('b', 'en') + (1.5).toLocaleString('en').length,
      () => [1.5].toLocaleString('en'),
      () => DATE.toLocaleString('en', { timeZone: 'UTC' }),
      () => crypto.createHash('sha256').update('a').digest('hex'),
      () => new (class Moment extends Date {})(7).getTime(),
      () => structuredClone({ date: DATE }),
      () => clearTimeout(undefined),
      () => performance.toString(),
    ];
    for (const use of harmless) expect(run(new Doer(use)).events).toBe(1);
  });

  test('writes to the console may do it', () => {
    // As test runners do it.
    const told: number[] = [];
    const printing = vi.spyOn(console, 'info').mockImplementation(() => void told.push(Date.now()));
    try {
      expect(refused(() => [console.info('%o', { date: DATE, n: 1 }), Date.now()]).value).toBe('Date.now');
    } finally {
      printing.mockRestore();
    }
    expect(told).toHaveLength(1);
  });

  test('logs is not watched while the owner of the run takes it', () => {
    const times: number[] = [];
    const report = run(new Doer((agent) => agent.log('info', 'now')), {
      onLog: () => times.push(Date.now()),
    });
    expect([report.events, times.length]).toEqual([1, 1]);
  });

  test('sends what the codec knows may do it', () => {
    const bodies = [DATE, new Map([[1, DATE]]), new Set([1]), new Float64Array(2), 5n, -0];
    for (const body of bodies) {
      expect(run(new Doer((agent) => agent.send('doer', 'on', body as never))).events).toBe(2);
    }
  });
});

describe('strict mode looks at', () => {
  const uses = (method: 'setup' | 'teardown' | 'update'): Agent<Errand> =>
    new (class Named extends Agent<Errand> {
      constructor() {
        super('doer');
      }

      override setup(): void {
        if (method === 'setup') Math.random();
      }

      override teardown(): void {
        if (method === 'teardown') Math.random();
      }

      override update(inbox: Message<Errand>[]): void {
        if (method === 'update') Math.random();
        else if (inbox.length > 0) this.remove();
      }
    })();

  test.each(['setup', 'teardown', 'update'] as const)('%s', (method) => {
    const error = refusalOf(() => run(uses(method)));
    expect(error.message).toContain(`agent "doer" uses Math.random in ${method}: `);
    expect(error.topic).toBeUndefined();
  });

  test('teardown, when an agent is removed from outside', () => {
    const scheduler = new Scheduler<Errand>({ strict: true });
    scheduler.add(uses('teardown'));
    expect(refusalOf(() => scheduler.remove('doer')).message).toContain('in teardown');
  });

  test('single steps', () => {
    const scheduler = new Scheduler<Errand>({ strict: true });
    scheduler.add(new Doer(() => Math.random()));
    scheduler.send('doer', 'go');
    expect(refusalOf(() => scheduler.step()).value).toBe('Math.random');
  });

  test('handlers in a table', () => {
    class Clerk extends Agent<Errand> {
      static override readonly handlers = {
        go(): void {
          Date.now();
        },
      };
    }
    expect(refusalOf(() => run(new Clerk('doer'))).topic).toBe('go');
  });

  test('constructors of agents that others add', () => {
    class Child extends Agent<Errand> {
      constructor() {
        super();
        performance.now();
      }
    }
    const scheduler = new Scheduler<Errand>({ strict: true, agents: [Child] });
    scheduler.add(new Doer((agent) => agent.add(Child, { id: 'child' })));
    scheduler.send('doer', 'go');
    expect(refusalOf(() => scheduler.run()).message).toContain(
      'agent "child" uses performance.now in its constructor',
    );
  });

  test('agents that are started again', () => {
    let setups = 0;
    class Phoenix extends Agent<Errand> {
      override setup(): void {
        setups += 1;
        if (setups === 2) Math.random();
      }

      override receive(): void {
        throw new Error('again');
      }
    }
    expect(refusalOf(() => run(new Phoenix('doer'), { onError: 'restart' })).message).toContain('in setup');
  });
});

describe('what is not a handler', () => {
  test('is let alone while a run goes on, and the globals are as before when it is over', () => {
    const things = guardedThings();
    const descriptors = (): unknown[] => [
      ...things.map(({ owner, key }) => Object.getOwnPropertyDescriptor(owner, key)),
      Object.getOwnPropertyDescriptor(Date.prototype, 'constructor'),
      randomUUID,
      delay,
    ];
    const before = descriptors();
    const seen: unknown[] = [];
    run(new Doer(() => 0), {
      onEvent: () => {
        seen.push(Date.now() > 0, new Date() > DATE, Math.random() < 1, new Date(5).getHours() >= 0);
        seen.push(performance.timeOrigin > 0, perfHooks === performance, randomUUID().length === 36);
        seen.push(new Intl.NumberFormat() instanceof Intl.NumberFormat, process.hrtime.bigint() > 0n);
        seen.push(
          Date.name === 'Date' && Date.length === 7,
          String(Date()).length > 20,
          'a'.localeCompare('b') < 0,
        );
        expect(descriptors()).not.toEqual(before);
      },
    });
    expect(seen).toEqual(new Array(12).fill(true));
    const after = descriptors();
    expect(after).toHaveLength(before.length);
    for (const [index, descriptor] of after.entries()) expect(descriptor).toStrictEqual(before[index]);
  });

  test('is let alone when a handler has failed', () => {
    expect(refused(() => Math.random()).value).toBe('Math.random');
    expect(Math.random()).toBeLessThan(1);
    expect(Date.now.name).toBe('now');
  });

  test('is what runs without strict', () => {
    const { now } = Date;
    const report = run(
      new Doer(() => {
        expect(Date.now).toBe(now);
        return Math.random();
      }),
      { strict: false },
    );
    expect(report.results).toEqual({ answer: { doer: 'number' } });
  });

  test('is a run within a handler, but for its own handlers', () => {
    const inner = (what: () => unknown): unknown => run(new Doer(what)).events;
    expect(run(new Doer(() => inner(() => 1))).events).toBe(1);
    expect(refused(() => inner(() => Math.random())).message).toContain('Math.random');
    // The handler outside is watched again when the run within is over.
    expect(refused(() => [inner(() => 1), Date.now()]).value).toBe('Date.now');
  });
});

describe('installed', () => {
  test('twice, the globals are put back with the second that lets go', () => {
    const { random } = Math;
    strictGuards.install();
    const guarded = Math.random;
    strictGuards.install();
    expect(Math.random).toBe(guarded);
    strictGuards.uninstall();
    expect(Math.random).toBe(guarded);
    strictGuards.uninstall();
    expect([Math.random === random, guarded === random]).toEqual([true, false]);
    // Who has kept one may go on using it.
    expect(guarded()).toBeLessThan(1);
  });

  test('they leave what somebody else has put in their place', () => {
    const { random } = Math;
    strictGuards.install();
    const mine = (): number => 0.25;
    Math.random = mine;
    strictGuards.uninstall();
    expect(Math.random).toBe(mine);
    Math.random = random;
  });

  test('a class that extends Date meanwhile works on', () => {
    strictGuards.install();
    class Moment extends Date {
      get half(): number {
        return this.getTime() / 2;
      }
    }
    strictGuards.uninstall();
    expect(new Moment(8).half).toBe(4);
    expect(new Moment(8)).toBeInstanceOf(Date);
  });
});

describe('a simulation in strict mode', () => {
  const TROUBLE = new URL('./fixtures/trouble.ts', import.meta.url);

  async function failure(what: string, populate = false): Promise<SimulationError> {
    const model = new URL(`./fixtures/taken-aside.ts?${what}${populate}`, import.meta.url);
    const simulation = new Simulation(model, {
      clusters: 2,
      strict: true,
      params: { what, populate },
      transport: inProcess(),
    });
    try {
      await simulation.run();
    } catch (error) {
      return error as SimulationError;
    } finally {
      await simulation.close();
    }
    throw new Error('the run did not fail');
  }

  test.each([
    ['random', 'Math.random'],
    ['now', 'Date.now'],
    ['uuid', 'crypto.randomUUID'],
    ['host', 'os.hostname'],
    ['clock', 'performance.now'],
    ['later', 'timers.setTimeout'],
  ])('sees what its module took aside when it was loaded: %s', async (what, name) => {
    const error = await failure(what);
    expect(error).toMatchObject({ code: 'ERR_TROUPE_AGENT_FAILED', agent: 1, topic: 'look', time: 1 });
    expect(error.cause).toMatchObject({ code: 'ERR_TROUPE_STRICT', agent: 1, topic: 'look' });
    expect(error.message).toContain(`uses ${name} on topic "look"`);
  });

  test('looks at populate, too', async () => {
    const error = await failure('now', true);
    expect(error).toMatchObject({ code: 'ERR_TROUPE_STRICT' });
    expect(error.message).toContain('populate of model taken aside uses Date.now: ');
  });

  test('leaves the thread as it was, however it ends', async () => {
    const { now } = Date;
    for (const kind of ['none', 'throw']) {
      const simulation = new Simulation(TROUBLE, { clusters: 2, strict: true, params: { kind } });
      await simulation.run({ until: 10 }).catch(() => {});
      await simulation.close();
      expect(Date.now).toBe(now);
    }
    const simulation = new Simulation(TROUBLE, { clusters: 2, strict: true });
    const running = simulation.run({ until: 1e9 }).catch((error: unknown) => error);
    await simulation.start();
    await simulation.close();
    expect(await running).toMatchObject({ code: 'ERR_TROUPE_RUN_STATE' });
    expect(Date.now).toBe(now);
  });
});

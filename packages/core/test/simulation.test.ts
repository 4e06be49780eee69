import { fileURLToPath } from 'node:url';
import {
  Agent,
  defineModel,
  type Model,
  Simulation,
  type SimulationError,
  type SimulationOptions,
  toNdjson,
} from '@troupe/core';
import { inProcess } from '@troupe/transport';
import { expect, test } from 'vitest';
import phold from './fixtures/phold.ts';
import trouble from './fixtures/trouble.ts';

const PHOLD = new URL('./fixtures/phold.ts', import.meta.url);

async function withSimulation<T>(
  model: unknown,
  options: SimulationOptions,
  use: (simulation: Simulation) => Promise<T>,
): Promise<T> {
  const simulation = new Simulation(model as URL | Model, options);
  try {
    return await use(simulation);
  } finally {
    await simulation.close();
  }
}

function run(model: unknown, options: SimulationOptions, until = 50) {
  return withSimulation(model, options, (simulation) => simulation.run({ until }));
}

/** The error that a run rejects with. */
async function failure(model: unknown, options: SimulationOptions): Promise<SimulationError> {
  return run(model, options).then(
    () => {
      throw new Error('the run did not fail');
    },
    (error: unknown) => error as SimulationError,
  );
}

test('a report tells what was done, and by whom', async () => {
  const report = await run(PHOLD, { clusters: 2, params: { agents: 10 }, counters: true });
  expect(report).toMatchObject({ reason: 'until', simTime: 50, deadLetters: 0, failures: 0, seed: 1 });
  expect(report.clusters).toHaveLength(2);
  expect(report.clusters.map(({ agents }) => agents)).toEqual([5, 5]);
  expect(report.clusters.reduce((sum, { events }) => sum + events, 0)).toBe(report.events);
  expect(report.local + report.remote).toBe(report.events + 40);
  expect(report.counters?.byTopic).toEqual({ hop: report.events });
  expect(Object.values(report.counters?.byAgent ?? {}).reduce((sum, count) => sum + count, 0)).toBe(
    report.events,
  );
  expect(Object.keys(report.results['hops'] ?? {})).toEqual([
    '0',
    '1',
    '2',
    '3',
    '4',
    '5',
    '6',
    '7',
    '8',
    '9',
  ]);
  expect(report.digest).toMatch(/^[0-9a-f]{16}$/);
  expect(report.ratio).toBeCloseTo(50 / report.wallTime, 6);
});

test('without a digest there is none', async () => {
  expect((await run(phold, { digest: false })).digest).toBe('');
});

test('an agent that throws ends the run with who, what and when, the same in every placement', async () => {
  const errors: Partial<SimulationError>[] = [];
  for (const lookahead of [0, 0.5, 1]) {
    for (const clusters of [1, 2, 3]) {
      const { code, agent, topic, time, round, seed, message, cause } = await failure(trouble, {
        clusters,
        seed: 7,
        params: { kind: 'throw', lookahead },
      });
      errors.push({ code, agent, topic, time, round, seed, message } as Partial<SimulationError>);
      expect(cause).toMatchObject({ name: 'RangeError', message: 'agent 1 is out of order' });
    }
  }
  for (const error of errors) expect(error).toEqual(errors[0]);
  expect(errors[0]).toMatchObject({
    code: 'ERR_TROUPE_AGENT_FAILED',
    agent: 1,
    topic: 'go',
    time: 6,
    round: 0,
    seed: 7,
  });
});

test('wherever an agent throws, the error is the same in every placement', async () => {
  for (let step = 0; step < 25; step += 1) {
    const errors: unknown[] = [];
    for (const clusters of [1, 2, 4]) {
      const { agent, time, round, message } = await failure(trouble, {
        clusters,
        params: { kind: 'throw', step, lookahead: step % 2 },
      });
      errors.push({ agent, time, round, message });
    }
    expect(errors[0]).toMatchObject({ agent: 1, time: step + 1 });
    expect(errors[1]).toEqual(errors[0]);
    expect(errors[2]).toEqual(errors[0]);
  }
});

test('steps of a tenth, whose sums are not what one would write, add up alike in every placement', async () => {
  const params = { stride: 0.1, lookahead: 0.1 };
  const alone = await run(trouble, { params }, 30);
  for (const clusters of [2, 3]) {
    const apart = await run(trouble, { params, clusters }, 30);
    expect([apart.digest, apart.barriers]).toEqual([alone.digest, alone.barriers]);
  }
});

test('a body that cannot leave a cluster is an error of its sender', async () => {
  const huge = await failure(trouble, { clusters: 2, params: { kind: 'huge' } });
  expect(huge).toMatchObject({ code: 'ERR_TROUPE_AGENT_FAILED', agent: 1, topic: 'go' });
  expect(huge.cause).toMatchObject({ code: 'ERR_TROUPE_FRAME_TOO_LARGE' });
  for (const options of [{ clusters: 2 }, { strict: true }]) {
    const { cause } = await failure(trouble, { ...options, params: { kind: 'function' } });
    expect(cause).toMatchObject({
      code: 'ERR_TROUPE_BODY_NOT_ENCODABLE',
      message: expect.stringContaining('agent 1 sends "go" to agent 2: body.cargo.inner.0 is function'),
    });
  }
});

test('time that stands still between clusters is noticed', async () => {
  for (const clusters of [1, 2]) {
    const error = await failure(trouble, { clusters, roundLimit: 500, params: { kind: 'zeno', step: 2 } });
    expect(error).toMatchObject({ code: 'ERR_TROUPE_ROUNDS', time: 3 });
    expect(error.message).toMatch(/\d -> \d \(go\)/);
  }
});

test('the event log can be written as lines of JSON', async () => {
  await withSimulation(trouble, { clusters: 2, eventLog: true }, async (simulation) => {
    const lines: string[] = [];
    const writing = (async () => {
      for await (const line of toNdjson(simulation.eventLog())) lines.push(line);
    })();
    const report = await simulation.run({ until: 5 });
    await simulation.close();
    await writing;
    expect(lines).toHaveLength(report.events);
    expect(lines.every((line) => line.endsWith('\n'))).toBe(true);
    expect(JSON.parse(lines[0] as string)).toEqual({
      time: 1,
      round: 0,
      to: 0,
      from: 0,
      topic: 'go',
      body: { step: 0 },
      sentAt: 0,
    });
  });
});

test('values that JSON lacks are written as text', async () => {
  const body = [
    1n,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    new Map([[1, 2]]),
    new Set([3]),
    new Uint8Array([4, 5]),
  ];
  const event = { time: 0, round: 0, to: 'a', from: 'b', topic: 't', body, sentAt: 0 };
  const lines: string[] = [];
  for await (const line of toNdjson([event])) lines.push(line);
  expect(JSON.parse(lines[0] as string).body).toEqual([
    '1n',
    'NaN',
    'Infinity',
    { map: [[1, 2]] },
    { set: [3] },
    [4, 5],
  ]);
});

test('the event log of a run that failed ends with the instant of the failure, in every placement', async () => {
  const logs: unknown[] = [];
  for (const clusters of [1, 2, 3]) {
    await withSimulation(
      trouble,
      { clusters, eventLog: true, params: { kind: 'throw', lookahead: 1 } },
      async (simulation) => {
        const events: unknown[] = [];
        const reading = (async () => {
          for await (const event of simulation.eventLog()) events.push(event);
        })();
        await expect(simulation.run()).rejects.toThrow('agent 1 threw');
        await reading;
        logs.push(events);
      },
    );
  }
  expect(logs[0]).toHaveLength(24);
  expect(logs[1]).toEqual(logs[0]);
  expect(logs[2]).toEqual(logs[0]);
});

test('agents that throw are removed, or go on, where the model asked for that', async () => {
  for (const onError of ['remove', 'continue', 'restart'] as const) {
    const reports = await Promise.all(
      [1, 2, 3].map((clusters) => run(trouble, { clusters, onError, params: { kind: 'throw' } }, 12)),
    );
    expect(reports[0]?.failures).toBeGreaterThan(0);
    for (const { digest, failures, deadLetters } of reports) {
      expect({ digest, failures, deadLetters }).toEqual({
        digest: reports[0]?.digest,
        failures: reports[0]?.failures,
        deadLetters: reports[0]?.deadLetters,
      });
    }
    expect((reports[0]?.deadLetters ?? 0) > 0).toBe(onError === 'remove');
  }
});

test('a run that failed cannot be continued', async () => {
  await withSimulation(trouble, { params: { kind: 'throw' } }, async (simulation) => {
    await expect(simulation.run()).rejects.toThrow();
    await expect(simulation.run()).rejects.toMatchObject({ code: 'ERR_TROUPE_RUN_STATE' });
  });
});

test('an agent ends the run with a reason and a value', async () => {
  for (const clusters of [1, 2, 4]) {
    for (const lookahead of [0, 1]) {
      const report = await run(trouble, { clusters, params: { kind: 'stop', lookahead } });
      expect(report).toMatchObject({
        reason: 'stopped',
        by: { agent: 1, reason: 'enough' },
        value: { by: 1 },
        simTime: 6 + lookahead,
        events: lookahead === 0 ? 24 : 24,
      });
    }
  }
});

test('an agent interrupts the run, and the next call goes on', async () => {
  const whole = await run(trouble, { clusters: 2 }, 20);
  await withSimulation(trouble, { clusters: 2, params: { kind: 'pause' } }, async (simulation) => {
    const first = await simulation.run({ until: 20 });
    expect(first).toMatchObject({ reason: 'paused', simTime: 6, by: { agent: 1, reason: 'paused' } });
    const second = await simulation.run({ until: 20 });
    expect(second).toMatchObject({ reason: 'until', simTime: 20 });
    expect(first.events + second.events).toBe(whole.events);
    expect(second.digest).toBe(whole.digest);
  });
});

test('a message below the promised lookahead is refused with all it is about', async () => {
  const error = await failure(trouble, { clusters: 2, params: { kind: 'lookahead', lookahead: 1 } });
  expect(error.cause).toMatchObject({
    code: 'ERR_TROUPE_LOOKAHEAD',
    agent: 1,
    topic: 'go',
    value: 0.25,
    message: expect.stringMatching(/agent 1 sends "go" to agent 2 with a delay of 0\.25.*lookahead of 1/),
  });
});

test('strict mode refuses it in one cluster too', async () => {
  const params = { kind: 'lookahead', lookahead: 1 };
  expect((await run(trouble, { params }, 5)).reason).toBe('until');
  expect((await failure(trouble, { params, strict: true })).cause).toMatchObject({
    code: 'ERR_TROUPE_LOOKAHEAD',
  });
});

test('an agent that is added twice is an error in every placement', async () => {
  for (const clusters of [1, 3]) {
    const error = await failure(trouble, { clusters, params: { kind: 'duplicate' } });
    expect(error).toMatchObject({ code: 'ERR_TROUPE_AGENT_FAILED', agent: 1, time: 6, round: 1 });
    expect(error.cause).toMatchObject({ code: 'ERR_TROUPE_AGENT_DUPLICATE', agent: 0 });
  }
});

test('a signal aborts a run at a barrier, before it begins or while it goes on', async () => {
  await withSimulation(phold, { clusters: 2 }, async (simulation) => {
    expect(await simulation.run({ signal: AbortSignal.abort() })).toMatchObject({
      reason: 'aborted',
      events: 0,
    });
    const controller = new AbortController();
    simulation.once('progress', () => controller.abort());
    const report = await simulation.run({ signal: controller.signal });
    expect(report.reason).toBe('aborted');
    expect(report.events).toBeGreaterThan(0);
  });
});

test('a paused simulation tells of no progress until it is resumed', async () => {
  await withSimulation(phold, { clusters: 2, progressInterval: 5 }, async (simulation) => {
    simulation.pause();
    simulation.pause();
    expect(simulation.paused).toBe(true);
    const running = simulation.run({ until: 200 });
    setImmediate(() => simulation.resume());
    expect((await running).reason).toBe('until');
    expect(simulation.paused).toBe(false);
  });
});

test('progress tells simulated time and speed', async () => {
  await withSimulation(phold, { clusters: 2, progressInterval: 1 }, async (simulation) => {
    const seen: number[] = [];
    simulation.on('progress', ({ simTime, events, eventsPerSecond, ratio }) => {
      expect([events, eventsPerSecond, ratio].every((value) => value >= 0)).toBe(true);
      seen.push(simTime);
    });
    await simulation.run({ until: 500 });
    expect(seen.length).toBeGreaterThan(1);
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
  });
});

test('a run can be paced by the clock on the wall', async () => {
  const free = await run(phold, { clusters: 2, params: { lookahead: 0 } }, 2);
  const paced = await withSimulation(phold, { clusters: 2, params: { lookahead: 0 } }, (simulation) =>
    simulation.run({ until: 2, speed: 20 }),
  );
  expect(paced.digest).toBe(free.digest);
  // It cannot be faster than that; how much slower depends on the machine.
  expect(paced.wallTime).toBeGreaterThanOrEqual(2 / 20);
});

test('one run at a time, and none after close', async () => {
  const simulation = new Simulation(phold as unknown as Model);
  const running = simulation.run({ until: 20 });
  await expect(simulation.run()).rejects.toMatchObject({ code: 'ERR_TROUPE_RUN_STATE' });
  await running;
  await simulation.close();
  await simulation.close();
  await expect(simulation.run()).rejects.toMatchObject({ code: 'ERR_TROUPE_RUN_STATE' });
});

test('closing ends a run that goes on', async () => {
  const simulation = new Simulation(phold as unknown as Model, { clusters: 3 });
  const running = simulation.run();
  const ended = expect(running).rejects.toMatchObject({ code: 'ERR_TROUPE_RUN_STATE' });
  await simulation.start();
  await simulation.close();
  await ended;
});

test('options that make no sense are refused with their names', () => {
  const make = (options: object) => () => new Simulation(PHOLD, options);
  for (const clusters of [0, 1.5, -1, 1e6, Number.NaN, '2']) expect(make({ clusters })).toThrow(/clusters/);
  expect(make({ seed: Number.NaN })).toThrow(/seed/);
  expect(make({ onError: 'ignore' })).toThrow(/onError is "ignore"/);
  expect(make({ logLevel: 'loud' })).toThrow(/logLevel/);
  expect(make({ stallTimeout: -1 })).toThrow(/stallTimeout/);
  expect(make({ roundLimit: 0 })).toThrow(/roundLimit/);
  expect(make({ cluster: 2 })).toThrow(/a simulation has no option "cluster"; it has clusters, transport/);
  expect(() => new Simulation(PHOLD).eventLog()).toThrow(/eventLog: true/);
});

test('run options that make no sense are refused', async () => {
  await withSimulation(phold, {}, async (simulation) => {
    for (const options of [
      { until: -1 },
      { maxEvents: 0 },
      { speed: 0 },
      { stopWhenIdle: false },
      { untill: 2 } as object,
    ]) {
      await expect(simulation.run(options)).rejects.toMatchObject({ code: 'ERR_TROUPE_OPTION' });
    }
  });
});

test('models and parameters that are wrong are refused before anything runs', async () => {
  const nothing = { name: 'x', agents: [], populate: () => {} };
  class Idle extends Agent {}
  const cases: [unknown, SimulationOptions, string][] = [
    [new URL('./fixtures/no-such-model.ts', import.meta.url), {}, 'ERR_TROUPE_MODEL_LOAD'],
    [new URL('../src/time.ts', import.meta.url), {}, 'ERR_TROUPE_MODEL_INVALID'],
    [nothing, {}, 'ERR_TROUPE_MODEL_INVALID'],
    [{ ...nothing, agents: [Idle] }, {}, 'ERR_TROUPE_MODEL_INVALID'],
    [{ ...nothing, agents: [Idle], name: '' }, {}, 'ERR_TROUPE_MODEL_INVALID'],
    [{ ...nothing, agents: [Object] }, {}, 'ERR_TROUPE_MODEL_INVALID'],
    [phold, { params: { agents: 0 } }, 'ERR_TROUPE_PARAM'],
    [phold, { params: { agents: 1.5 } }, 'ERR_TROUPE_PARAM'],
    [phold, { params: { color: 'red' } }, 'ERR_TROUPE_PARAM'],
    [trouble, { params: { kind: 3 } }, 'ERR_TROUPE_PARAM'],
  ];
  for (const [model, options, code] of cases) {
    expect(await failure(model, options)).toMatchObject({ code });
  }
});

test('a model is checked when it is defined', () => {
  class Idle extends Agent {}
  const good = { name: 'idle', agents: [Idle], populate: () => {} };
  expect(defineModel(good)).toMatchObject({ name: 'idle' });
  for (const bad of [
    { ...good, name: '' },
    { ...good, agents: [] },
    { ...good, populate: undefined },
    undefined,
  ]) {
    expect(() => defineModel(bad as unknown as Model)).toThrow(
      expect.objectContaining({ code: 'ERR_TROUPE_MODEL_INVALID' }),
    );
  }
});

test('placements, lookaheads and agents that a model gets wrong are named', async () => {
  class Idle extends Agent {
    override setup(): void {
      this.setAlarm(1, 'tick');
    }
    override receive(): void {}
  }
  class Stranger extends Agent {}
  const good = { name: 'idle', agents: [Idle] };
  const one = ({ add }: { add: (agentClass: typeof Idle, options?: object) => void }) =>
    add(Idle, { id: 'a' });
  const cases: [object, string][] = [
    [{ ...good, populate: one, place: () => 5 }, 'ERR_TROUPE_PLACEMENT'],
    [{ ...good, populate: one, lookahead: -1 }, 'ERR_TROUPE_MODEL_INVALID'],
    [{ ...good, populate: async () => {} }, 'ERR_TROUPE_MODEL_INVALID'],
    [{ ...good, populate: () => Promise.resolve() }, 'ERR_TROUPE_MODEL_INVALID'],
    [
      {
        ...good,
        populate: () => {
          throw new RangeError('no such place');
        },
      },
      'ERR_TROUPE_MODEL_INVALID',
    ],
    [{ ...good, populate: one, layouts: { tick: { n: 'f64' } } }, 'ERR_TROUPE_OPTION'],
    [{ ...good, populate: one, lookahead: () => Number.NaN }, 'ERR_TROUPE_MODEL_INVALID'],
    [
      { ...good, populate: ({ add }: { add: (c: typeof Stranger) => void }) => add(Stranger) },
      'ERR_TROUPE_MODEL_INVALID',
    ],
    [
      {
        ...good,
        populate: (world: { add: (agentClass: typeof Idle, options?: object) => void }) => {
          one(world);
          one(world);
        },
      },
      'ERR_TROUPE_AGENT_DUPLICATE',
    ],
  ];
  for (const [model, code] of cases) expect(await failure(model, { clusters: 2 })).toMatchObject({ code });
  expect((await run({ ...good, populate: one }, { clusters: 2 })).events).toBe(1);
});

test('a model given as a value needs nodes in this thread', () => {
  const elsewhere = { name: 'threads', launch: () => Promise.reject(new Error('not launched')) };
  expect(() => new Simulation(phold as unknown as Model, { transport: elsewhere })).toThrow(
    expect.objectContaining({ code: 'ERR_TROUPE_OPTION' }),
  );
});

test('what is no transport, and a path in place of an address, are refused', () => {
  for (const make of [
    () => new Simulation(PHOLD, { transport: inProcess as never }),
    () => new Simulation('./phold.js' as never),
  ]) {
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_TROUPE_OPTION' }));
  }
});

test('a model is loaded by its address', async () => {
  const byValue = await run(phold, { seed: 3 });
  const byAddress = await run(PHOLD, { seed: 3 });
  expect(byAddress.digest).toBe(byValue.digest);
  expect(fileURLToPath(PHOLD)).toContain('phold');
});

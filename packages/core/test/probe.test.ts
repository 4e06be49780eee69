import { Agent, type Message } from '@troupe/core';
import { probe } from '@troupe/core/testing';
import { expect, test } from 'vitest';

type Rally = { ball: { hits: number }; rest: undefined };

class Player extends Agent<Rally> {
  override setup(): void {
    this.subscribe({ topic: 'rest' });
  }

  override receive(message: Message<Rally>): void {
    if (message.topic === 'rest') this.broadcast('ball', { hits: 0 });
    else if (message.body.hits > 2) this.stop('tired');
    else if (message.body.hits < 0) throw new RangeError('no such ball');
    else {
      this.report('hits', message.body.hits);
      this.send(message.from, 'ball', { hits: message.body.hits + 1 }, 0.5);
      this.setAlarm(10, 'rest');
    }
  }
}

test('an agent alone answers what it is told', () => {
  const player = probe<Rally>(new Player('anna'));
  expect(player.setup).toEqual([{ kind: 'subscribe', subscription: { topic: 'rest' } }]);
  expect(player.deliver('ball', { hits: 1 }, 'ben')).toEqual([
    { kind: 'message', to: 'ben', topic: 'ball', body: { hits: 2 }, due: 0.5 },
  ]);
  expect(player.reports).toEqual({ hits: 1 });
  expect(player.advance(9)).toEqual([]);
  expect(player.advance(1)).toEqual([
    { kind: 'message', to: undefined, topic: 'ball', body: { hits: 0 }, due: 10 },
  ]);
  expect(player.time).toBe(10);
  expect(player.deliver('ball', { hits: 3 })).toEqual([{ kind: 'stop', reason: 'tired', value: undefined }]);
});

test('what it throws is thrown', () => {
  const player = probe<Rally>(new Player());
  expect(player.agent.id).toBe('probe');
  expect(() => player.deliver('ball', { hits: -1 })).toThrow(
    expect.objectContaining({ code: 'ERR_TROUPE_AGENT_FAILED', agent: 'probe', topic: 'ball' }),
  );
  expect(player.deliver('ball', { hits: 0 }, 7)).toEqual([
    { kind: 'message', to: 7, topic: 'ball', body: { hits: 1 }, due: 0.5 },
  ]);
});

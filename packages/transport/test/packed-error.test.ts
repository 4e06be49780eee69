import { describe, expect, it } from 'vitest';
import { packError, TransportError, unpackError } from '../src/index.ts';

class ModelError extends Error {
  override readonly name = 'ModelError';
  readonly code = 'ERR_MODEL';
  readonly agent = 'tower';
  readonly time = 12.5;
  readonly fatal = true;
  readonly body = { dropped: 'only plain values travel' };
}

/** What happens between two threads. */
function travel(thrown: unknown, node?: string, classes?: Parameters<typeof unpackError>[2]): Error {
  return unpackError(structuredClone(packError(thrown)), node, classes);
}

describe('an error that comes from another node', () => {
  it('has its message, code and plain fields', () => {
    const error = travel(new ModelError('no runway'));
    expect(error).toBeInstanceOf(Error);
    expect({ ...error, message: error.message, name: error.name }).toEqual({
      name: 'ModelError',
      message: 'no runway',
      code: 'ERR_MODEL',
      agent: 'tower',
      time: 12.5,
      fatal: true,
    });
  });

  it('reads as it was where it was thrown, and names the node', () => {
    const thrown = new RangeError('too far');
    const error = travel(thrown, 'node 3');
    expect(error.stack).toBe(`${thrown.stack}\n    on node 3`);
    expect(travel(thrown).stack).toBe(thrown.stack);
  });

  it.each([TypeError, RangeError, ReferenceError, SyntaxError, EvalError, URIError])(
    'is a %o again',
    (Class) => {
      const error = travel(new Class('no'));
      expect(error).toBeInstanceOf(Class);
      expect(error.name).toBe(Class.name);
    },
  );

  it('is of a class that the receiver named, and of no other', () => {
    const classes = { ModelError, TransportError };
    const ours = travel(new ModelError('no'), undefined, classes);
    expect(ours).toBeInstanceOf(ModelError);
    const transport = travel(new TransportError('ERR_TROUPE_CLOSED', 'shut', { node: 2 }), 'node 2', classes);
    expect(transport).toBeInstanceOf(TransportError);
    expect(transport).toMatchObject({ name: 'TransportError', code: 'ERR_TROUPE_CLOSED', node: 2 });
    expect(travel(new ModelError('no'))).not.toBeInstanceOf(ModelError);
    for (const name of ['toString', '__proto__', 'constructor']) {
      const odd = travel(Object.assign(new Error('odd'), { name }), undefined, classes);
      expect(Object.getPrototypeOf(odd)).toBe(Error.prototype);
      expect(odd.name).toBe(name);
    }
  });

  it('has its causes, each with what it had', () => {
    const error = travel(
      new Error('outer', { cause: new TypeError('middle', { cause: new ModelError('inner') }) }),
      'node 1',
    );
    const middle = error.cause as Error;
    expect(middle).toBeInstanceOf(TypeError);
    expect(middle.stack).toMatch(/on node 1$/);
    expect(middle.cause).toMatchObject({ name: 'ModelError', message: 'inner', code: 'ERR_MODEL' });
    expect((middle.cause as Error).cause).toBeUndefined();
    expect('cause' in travel(new Error('alone'))).toBe(false);
  });

  it('has the errors that it gathers', () => {
    const error = travel(
      new AggregateError([new TypeError('one'), 'two', new ModelError('three')], 'all failed', {
        cause: new Error('why'),
      }),
      'node 0',
    ) as AggregateError;
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.name).toBe('AggregateError');
    expect(error.errors.map((inner: Error) => `${inner.name}: ${inner.message}`)).toEqual([
      'TypeError: one',
      'Error: two was thrown, which is no error',
      'ModelError: three',
    ]);
    expect((error.cause as Error).message).toBe('why');
  });

  it('ends somewhere, even when it is its own cause', () => {
    const circular = new Error('round');
    circular.cause = circular;
    const gathered = new AggregateError([circular], 'and round');
    gathered.errors.push(gathered);
    let depth = 0;
    for (let error: unknown = travel(circular); error instanceof Error; error = error.cause) depth += 1;
    expect(depth).toBeGreaterThan(3);
    expect(depth).toBeLessThan(20);
    expect(travel(gathered)).toBeInstanceOf(AggregateError);
  });

  it.each([
    ['text', 'text'],
    [404, '404'],
    [undefined, 'undefined'],
    [null, 'null'],
    [Symbol('s'), 'Symbol(s)'],
    [-1n, '-1'],
    [Object.create(null), 'a value of class (none)'],
  ])('is made of what is none: case %#', (thrown, text) => {
    const error = travel(thrown, 'node 5');
    expect(error.message).toBe(`${text} was thrown, which is no error`);
    expect(error.stack).toBe(`Error: ${error.message}\n    on node 5`);
  });
});

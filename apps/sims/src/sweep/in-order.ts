/**
 * Starts work on items and answers what became of each in the order of the items, whichever is done first. At most
 * `ahead` are under way or wait for one before them: what comes out of order takes no more memory than that.
 *
 * @param start must answer a promise that does not reject
 */
export async function* inOrder<T, R>(
  items: Iterable<T>,
  start: (item: T) => Promise<R>,
  ahead: number,
): AsyncGenerator<readonly [T, R], void, undefined> {
  const waiting: (readonly [T, Promise<R>])[] = [];
  const iterator = items[Symbol.iterator]();
  for (;;) {
    while (waiting.length < ahead) {
      const next = iterator.next();
      if (next.done === true) break;
      waiting.push([next.value, start(next.value)]);
    }
    const first = waiting.shift();
    if (first === undefined) return;
    yield [first[0], await first[1]];
  }
}

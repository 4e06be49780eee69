import { BodyCodec, CodecStream, type Layout } from '@troupe/transport';
import { SimulationError, show } from './errors.ts';

/**
 * Strict mode for bodies: passes each through the codec, so that a model that shares state by reference, or sends what
 * cannot be encoded, fails in one thread and not first on two.
 */
export class StrictBodies {
  readonly #codec = new BodyCodec({ trusted: true, thorough: true });
  readonly #out = new CodecStream();
  readonly #in = new CodecStream();
  readonly #buffer = Buffer.alloc(64 * 1024);

  /** What another cluster would see of the body, or the error that it would meet. */
  pass(body: unknown, topic: string, layout: Layout | undefined): unknown {
    if (layout !== undefined) {
      refuseUndeclared(body, topic, layout);
      return body;
    }
    const encoded = this.#codec.encode(this.#out, body, this.#buffer, 0);
    return this.#codec.decode(this.#in, encoded.bytes, encoded.start, encoded.end);
  }
}

function refuseUndeclared(body: unknown, topic: string, { spec }: Layout): void {
  if (typeof spec !== 'object' || typeof body !== 'object' || body === null) return;
  for (const key of Object.keys(body)) {
    if (Object.hasOwn(spec, key)) continue;
    throw new SimulationError(
      'ERR_TROUPE_STRICT',
      `body.${key} of topic ${show(topic)} is not part of the declared layout and would be lost: declare it or leave it out`,
      { topic, value: key },
    );
  }
}

import { addExtension, Packr, REUSE_BUFFER_MODE, Unpackr } from 'msgpackr';
import {
  checkEncodable,
  explain,
  LONE_STRING_TYPE,
  LoneString,
  NEGATIVE_ZERO_TYPE,
  NegativeZero,
  protectExotic,
} from './encodable.ts';
import { TransportError } from './errors.ts';
import { scanBody } from './scan.ts';
import { SHAPE_ROOM, SHAPED, ShapeReader, ShapeWriter } from './shapes.ts';
import { FRAME_LIMIT } from './transport.ts';

addExtension({
  Class: NegativeZero,
  type: NEGATIVE_ZERO_TYPE,
  pack: () => Buffer.from([0]),
  unpack: () => -0,
});
addExtension({
  Class: LoneString,
  type: LONE_STRING_TYPE,
  pack: (lone: LoneString) => Buffer.from(lone.text, 'utf16le'),
  unpack: (bytes: Uint8Array) => Buffer.from(bytes).toString('utf16le'),
});

/** Bytes that must be free behind the place where a body is encoded: msgpackr moves to a buffer of its own below it. */
export const ENCODE_ROOM: number = 2048 + 64;

/** Where an encoded body lies. */
interface Encoded {
  bytes: Buffer;
  start: number;
  end: number;
}

/**
 * The state of one direction of one link: the shapes of records sent so far. A shape is described once per stream, so
 * the decoder must see a stream from its beginning, in order.
 */
export class CodecStream {
  /** @internal msgpackr keeps its tables on this array. */
  structures: object[] = [];
  /** @internal */
  readonly shapesOut: ShapeWriter = new ShapeWriter();
  /** @internal */
  readonly shapesIn: ShapeReader = new ShapeReader();
}

const TRUSTED = { sequential: true, moreTypes: true, copyBuffers: true, useBigIntExtension: false } as const;
const UNTRUSTED = { moreTypes: true, copyBuffers: true } as const;

/**
 * Encodes message bodies with msgpackr, one instance per thread, whatever number of links it has.
 *
 * A trusted codec describes the shape of objects once per stream; an untrusted one makes each body whole in itself and
 * checks depth, counts, lengths and types before anything is built from it.
 */
export class BodyCodec {
  readonly trusted: boolean;
  readonly #thorough: boolean;
  readonly #packr: Packr;
  readonly #unpackr: Unpackr;
  #viewed: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  readonly #range = { start: 0, end: 0 };
  readonly #scratch = Buffer.allocUnsafeSlow(8192);
  readonly #encoded: Encoded = { bytes: this.#scratch, start: 0, end: 0 };

  /**
   * @param options.trusted what is decoded comes from this same program
   * @param options.thorough bodies are also searched for what nobody would look for: symbols as keys, members of arrays
   *   beside their elements. Default false
   */
  constructor(options: { readonly trusted: boolean; readonly thorough?: boolean }) {
    this.trusted = options.trusted;
    this.#thorough = options.thorough ?? false;
    this.#packr = new Packr({ ...(options.trusted ? TRUSTED : UNTRUSTED) });
    this.#unpackr = new Unpackr({ ...(options.trusted ? TRUSTED : UNTRUSTED) });
  }

  /**
   * Encodes `body` into `bytes` from `at` (a multiple of 8) on. The answer says where it lies: in `bytes`, or, where
   * less than it needs or less than {@link ENCODE_ROOM} was free, in a buffer of the codec's, from where it must be
   * copied before the next call. It is the same object at every call.
   *
   * @throws {TransportError} `ERR_TROUPE_BODY_NOT_ENCODABLE`, `ERR_TROUPE_FRAME_TOO_LARGE`
   */
  encode(stream: CodecStream, body: unknown, bytes: Buffer, at: number): Encoded {
    if (this.trusted && !this.#thorough && bytes.length - at >= SHAPE_ROOM) {
      const end = stream.shapesOut.write(body, this.#viewOf(bytes), bytes, at);
      if (end !== -1) {
        const encoded = this.#encoded;
        encoded.bytes = bytes;
        encoded.start = at;
        encoded.end = end;
        return encoded;
      }
    }
    let value = body;
    try {
      if (checkEncodable(body, this.#thorough) !== 0) value = protectExotic(body);
    } catch (error) {
      throw explain(error, body);
    }
    const packr = this.#packr as Packr & { structures: object[] };
    if (this.trusted) packr.structures = stream.structures;
    packr.useBuffer(bytes);
    packr.position = at;
    const encoded = this.#encoded;
    let whole = false;
    try {
      const target = packr.pack(value, REUSE_BUFFER_MODE) as Buffer & { start: number; end: number };
      encoded.bytes = target;
      encoded.start = target.start;
      encoded.end = target.end;
      whole = encoded.end - encoded.start <= FRAME_LIMIT - 1024;
    } finally {
      // The target is a variable of the msgpackr module: any other user of it in this thread would write into `bytes`.
      packr.useBuffer(this.#scratch);
      // The peer will never see the shapes that this body has described: describe all of them again.
      if (!whole) stream.structures = [];
    }
    if (!whole) {
      throw new TransportError(
        'ERR_TROUPE_FRAME_TOO_LARGE',
        `a body of ${encoded.end - encoded.start} bytes is over the limit of ${FRAME_LIMIT - 1024}: send it in parts`,
        { value: encoded.end - encoded.start },
      );
    }
    return encoded;
  }

  /**
   * Decodes the body at `bytes[start]..bytes[end]`.
   *
   * @throws {TransportError} `ERR_TROUPE_FRAME_CORRUPT`
   */
  decode(stream: CodecStream, bytes: Buffer, start: number, end: number): unknown {
    if (this.trusted && bytes[start] === SHAPED) {
      const body = stream.shapesIn.read(this.#viewOf(bytes), bytes, start);
      if (body !== undefined) return body;
      throw new TransportError(
        'ERR_TROUPE_FRAME_CORRUPT',
        `a body of ${end - start} bytes has a shape that was not described; its stream was not read from the beginning`,
      );
    }
    if (this.trusted) (this.#unpackr as Unpackr & { structures: object[] }).structures = stream.structures;
    else scanBody(bytes, start, end);
    this.#range.start = start;
    this.#range.end = end;
    try {
      return this.#unpackr.unpack(bytes, this.#range);
    } catch (cause) {
      throw new TransportError(
        'ERR_TROUPE_FRAME_CORRUPT',
        `a body of ${end - start} bytes cannot be decoded; it was damaged, or its stream was not read from the beginning`,
        // What msgpackr says may quote the payload, which an untrusted peer chose: it must not get into logs.
        this.trusted ? { cause } : {},
      );
    }
  }

  /** The same memory, of one buffer again and again. */
  #viewOf(bytes: Buffer): DataView {
    if (bytes !== this.#viewed) {
      this.#viewed = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    return this.#view;
  }
}

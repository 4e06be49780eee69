import { type BodyCodec, CodecStream, ENCODE_ROOM } from './codec.ts';
import { TransportError } from './errors.ts';
import { type Blocking, FRAME_LIMIT, type Node } from './transport.ts';

/** Bytes of a frame that the writer asks for; what is not used is given back. */
const CHUNK = 64 * 1024;

/** Bytes before the records of a frame: its tag, a float64, little-endian. */
export const FRAME_TAG_BYTES = 8;

/** Longest record in bytes: one that has a frame for itself. */
const RECORD_LIMIT = FRAME_LIMIT - FRAME_TAG_BYTES;

/**
 * Gathers records for one peer into frames, written where the transport wants them. A frame begins with a tag, a number
 * that the reader finds before the records; a record starts at a multiple of 8.
 * Nothing waits and nothing is lost: while the link is full, frames are kept here, in order, until {@link flush}, or
 * {@link offer} where nobody may wait.
 *
 * ```ts
 * const at = writer.open(16);              // room for 16 bytes
 * writer.view.setFloat64(at, time, true);
 * writer.close(at + 8);                    // used 8 of them
 * await writer.flush();
 * ```
 */
export class FrameWriter {
  /** The frame being written. Look again after each call: it changes. */
  bytes: Buffer;
  view: DataView;
  /** What the frames that are begun from now on are tagged with. */
  tag = 0;
  /** Frames sent so far. */
  frames = 0;
  /** What the peer has been told of the shapes of bodies. */
  stream: CodecStream = new CodecStream();

  readonly #node: Node;
  readonly #to: number;
  readonly #chunk: number;
  #at = 0;
  #limit = 0;
  #claimed = false;
  readonly #backlog: Buffer[] = [];
  /** Bytes of frames that are kept here because the link was full. */
  backlog = 0;

  constructor(node: Node, to: number) {
    this.#node = node;
    this.#to = to;
    this.#chunk = Math.min(CHUNK, node.claimLimit) & -8;
    this.bytes = Buffer.alloc(0);
    this.view = new DataView(this.bytes.buffer, 0, 0);
  }

  /** Room for a record of up to `length` bytes; answers its offset in {@link bytes} and {@link view}. */
  open(length: number): number {
    if (this.#at + length > this.#limit) this.#turn(length);
    return this.#at;
  }

  /** The record that was opened ends at `end`. */
  close(end: number): void {
    this.#at = (end + 7) & -8;
  }

  /**
   * Writes a record of `header` bytes (a multiple of 8), left for the caller to fill, and an encoded body; answers the
   * record's offset. The caller closes it at {@link bodyEnd}.
   */
  openPacked(header: number, codec: BodyCodec, body: unknown): number {
    let at = this.open(header + ENCODE_ROOM);
    const encoded = codec.encode(this.stream, body, this.bytes, at + header);
    if (encoded.bytes !== this.bytes) {
      const length = encoded.end - encoded.start;
      // The codec's buffer is its scratch memory only until the next call; nothing is encoded in between.
      at = this.open(header + length + 8);
      encoded.bytes.copy(this.bytes, at + header, encoded.start, encoded.end);
      this.bodyEnd = at + header + length;
    } else {
      this.bodyEnd = encoded.end;
    }
    return at;
  }

  /** Where the body of {@link openPacked} ends. */
  bodyEnd = 0;

  /** Sends what was written; waits for the peer where its link is full. */
  flush(): Blocking<void> {
    this.#finish();
    while (this.#backlog.length > 0) {
      const pushed = this.#node.push(this.#to, this.#backlog[0] as Buffer);
      if (pushed instanceof Promise) {
        return pushed.then(() => {
          this.#sent();
          return this.flush();
        });
      }
      this.#sent();
    }
  }

  /** Sends what was written as far as the link has room, and never waits; whether everything is on its way. */
  offer(): boolean {
    // While older frames wait, the one being written may as well grow.
    if (!this.#offerBacklog()) return false;
    this.#finish();
    return this.#offerBacklog();
  }

  #offerBacklog(): boolean {
    while (this.#backlog.length > 0) {
      if (!this.#node.send(this.#to, this.#backlog[0] as Buffer)) return false;
      this.#sent();
    }
    return true;
  }

  /** The first frame that was kept is on its way. */
  #sent(): void {
    this.backlog -= (this.#backlog.shift() as Buffer).length;
  }

  /** Sends the frame being written, or keeps it. */
  #finish(): void {
    if (this.#at > FRAME_TAG_BYTES) {
      this.frames += 1;
      if (this.#claimed) {
        this.#node.commit(this.#to, this.#at);
      } else {
        this.#backlog.push(this.bytes.subarray(0, this.#at));
        this.backlog += this.#at;
      }
    }
    this.#at = 0;
    this.#limit = 0;
    this.#claimed = false;
  }

  /** Ends the frame being written and begins one with room for a record of `length` bytes. */
  #turn(length: number): void {
    if (length > RECORD_LIMIT) {
      throw new TransportError(
        'ERR_TROUPE_FRAME_TOO_LARGE',
        `a record of ${length} bytes is over the limit of ${RECORD_LIMIT}: send it in parts`,
        { value: length },
      );
    }
    this.#finish();
    // A record ends at a multiple of 8, too.
    const size = Math.max((length + FRAME_TAG_BYTES + 7) & -8, this.#chunk);
    this.#begin(size);
    this.view.setFloat64(0, this.tag, true);
    this.#at = FRAME_TAG_BYTES;
  }

  #begin(size: number): void {
    // Order: nothing may overtake what is kept.
    if (this.#backlog.length === 0 && size <= this.#node.claimLimit) {
      const space = this.#node.claim(this.#to, size);
      if (space !== undefined) {
        this.bytes = space.bytes;
        this.view = space.view;
        this.#limit = space.bytes.length & -8;
        this.#claimed = true;
        return;
      }
    }
    this.bytes = Buffer.allocUnsafeSlow(size);
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, size);
    this.#limit = size;
  }
}

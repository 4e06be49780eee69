/**
 * Memory layout of a ring of variable-size records for one producer and one consumer.
 *
 * ```text
 *  byte 0        64               128              192
 *  +-------------+----------------+----------------+------------------------------- - -
 *  | identity    | consumer side  | producer side  | records, `capacity` bytes
 *  | magic       | head           | tail           |
 *  | version     | (bytes read)   | (bytes written)|  +--------+-----+---------+-----+
 *  | capacity    |                |                |  | length | tag | payload | pad |
 *  +-------------+----------------+----------------+  +--------+-----+---------+-----+
 *                                                      i32      i32   length    to 8
 * ```
 *
 * Each side has a cache line of its own, so that neither write disturbs the other's reads. `head` and `tail` count
 * bytes modulo 2^32; a record starts at `position & (capacity - 1)` and never wraps: where it would, a padding record
 * of negative length fills the ring up to its end. A record can be seen only once `tail` has moved past it, so one that
 * was half written when its producer died does not exist.
 */
export const RING_MAGIC = 0x54524e47;
export const RING_VERSION = 1;

/** Byte offset of the records. */
export const RING_HEADER_BYTES = 192;
/** Bytes before each payload: its length and its tag. */
export const RECORD_HEADER_BYTES = 8;
/** Records start at multiples of this many bytes. */
export const RECORD_ALIGNMENT = 8;

/** Indexes into the Int32Array over the header. */
export const MAGIC_INDEX = 0;
export const VERSION_INDEX = 1;
export const CAPACITY_INDEX = 2;
export const HEAD_INDEX = 16;
export const TAIL_INDEX = 32;

export const MIN_CAPACITY = 1024;
export const MAX_CAPACITY: number = 2 ** 30;

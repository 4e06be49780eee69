/**
 * How nodes reach each other: the {@link Transport} contract, bodies as bytes, and the transport that needs nothing.
 *
 * ```ts
 * // ping.ts, the program that each node runs
 * import type { Node } from '@troupe/transport';
 * export default async function ping(node: Node): Promise<void> {
 *   const peer = 1 - node.id;
 *   await node.push(peer, Buffer.from(`hello from node ${node.id}`));
 *   while (node.receive((from, frame) => node.post(frame.bytes.toString('utf8', frame.start, frame.end))) === 0) {
 *     await node.wait(1000);
 *   }
 * }
 *
 * // main.ts
 * import { inProcess } from '@troupe/transport';
 * const nodes = await inProcess().launch({ nodes: 2, program: new URL('./ping.ts', import.meta.url) });
 * nodes.onEvent((event) => console.log(event));
 * ```
 *
 * @packageDocumentation
 */
export { BodyCodec, CodecStream } from './codec.ts';
export { copyBody } from './encodable.ts';
export { TransportError, type TransportErrorCode, type TransportErrorDetails } from './errors.ts';
export { FRAME_TAG_BYTES, FrameWriter } from './frame-writer.ts';
export { type InProcessOptions, inProcess } from './in-process.ts';
export {
  type FieldType,
  type FieldValue,
  type Layout,
  type LayoutBody,
  type LayoutSpec,
  layout,
  type NumberType,
} from './layout.ts';
export { type PackedError, packError, unpackError } from './packed-error.ts';
// For those who write a transport: the refusals that all transports share.
export { checkNodes, exchangeWidth, peerLost, programError, tooLarge, unknownPeer } from './refusals.ts';
export {
  type Blocking,
  EXCHANGE_WIDTH,
  FRAME_LIMIT,
  type Frame,
  type FrameHandler,
  type FrameSpace,
  type LaunchOptions,
  type Node,
  type NodeEvent,
  type NodeGroup,
  type NodeProgram,
  PULSE_CELLS,
  type Transport,
} from './transport.ts';

import {
  BodyCodec,
  CodecStream,
  FRAME_TAG_BYTES,
  type Frame,
  type FrameHandler,
  FrameWriter,
  type Node,
} from '@troupe/transport';
import { throughput } from '../../harness/throughput.ts';
import { type Body, kindOf } from './bodies.ts';
import { type Errand, Tally } from './errand.ts';

/** How bodies are written: by msgpackr, or in their declared layout. */
export type Form = 'packed' | 'layout';

/** Bytes before a body: its length. */
const HEADER = 8;
/** Messages between two looks at whether the receiver keeps up. */
const BATCH = 256;

/** Node 0 sends as many messages as node 1 asks for; node 1 decodes every one and tells messages per second. */
export default async function program(node: Node): Promise<void> {
  const errand = node.data as Errand & { readonly form: Form };
  if (node.id === 0) await send(node, errand.form, errand);
  else await receive(node, errand.form, errand);
}

async function send(node: Node, form: Form, { size }: Errand): Promise<void> {
  const { layout, make } = kindOf(size);
  const writer = new FrameWriter(node, 1);
  const codec = new BodyCodec({ trusted: node.trusted });
  let wanted = 0;
  const read: FrameHandler = (_from, { view, start }) => {
    wanted = view.getFloat64(start + FRAME_TAG_BYTES, true);
  };
  for (let sent = 0; ; ) {
    while (node.receive(read) === 0) await node.wait(1000);
    if (wanted < 0) return;
    for (const end = sent + wanted; sent < end; sent += 1) {
      if (form === 'packed') {
        const at = writer.openPacked(HEADER, codec, make(sent));
        writer.view.setUint32(at, writer.bodyEnd - at, true);
        writer.close(writer.bodyEnd);
      } else {
        const at = writer.open(HEADER + layout.maxBytes);
        const end = layout.encode(make(sent), writer.view, writer.bytes, at + HEADER);
        writer.view.setUint32(at, end - at, true);
        writer.close(end);
      }
      if (sent % BATCH === BATCH - 1) await writer.flush();
    }
    await writer.flush();
  }
}

async function receive(node: Node, form: Form, { size, work }: Errand): Promise<void> {
  const { layout } = kindOf(size);
  const codec = new BodyCodec({ trusted: node.trusted });
  const stream = new CodecStream();
  const tally = new Tally();
  const read = (_from: number, { bytes, view, start, end: frameEnd }: Frame): void => {
    for (let at = start + FRAME_TAG_BYTES; at < frameEnd; ) {
      const end = at + view.getUint32(at, true);
      tally.take(
        form === 'packed'
          ? (codec.decode(stream, bytes, at + HEADER, end) as Body)
          : layout.decode(view, bytes, at + HEADER),
      );
      at = (end + 7) & -8;
    }
  };
  const value = await throughput(work, async (messages) => {
    const end = tally.received + messages;
    await ask(node, messages);
    while (tally.received < end) if (node.receive(read) === 0) await node.wait(1000);
    return messages;
  });
  await ask(node, -1);
  node.post(value);
}

/** Asks node 0 for so many messages; for a negative number, to end. */
async function ask(node: Node, messages: number): Promise<void> {
  const frame = Buffer.alloc(FRAME_TAG_BYTES + 8);
  frame.writeDoubleLE(messages, FRAME_TAG_BYTES);
  await node.push(0, frame);
}

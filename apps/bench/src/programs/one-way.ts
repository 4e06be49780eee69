import {
  BodyCodec,
  CodecStream,
  FRAME_TAG_BYTES,
  type Frame,
  FrameWriter,
  type Node,
} from '@troupe/transport';
import { TRADE, type Trade, trade } from './bodies.ts';

export interface OneWay {
  readonly messages: number;
  readonly form: 'packed' | 'layout';
}

const HEADER = 8;
/** Messages between two looks at whether the receiver keeps up. */
const BATCH = 256;

/** Node 0 sends, node 1 receives and decodes every one; node 1 tells messages per second. */
export default async function oneWay(node: Node): Promise<void> {
  const { messages, form } = node.data as OneWay;
  await node.exchange(new Float64Array(1));
  if (node.id === 0) await send(node, messages, form);
  else node.post(await receive(node, messages, form));
  // The sender's ring must live until the receiver has read it.
  await node.exchange(new Float64Array(1));
}

async function send(node: Node, messages: number, form: OneWay['form']): Promise<void> {
  const writer = new FrameWriter(node, 1);
  const codec = new BodyCodec({ trusted: node.trusted });
  for (let sent = 0; sent < messages; sent += 1) {
    if (form === 'packed') {
      const at = writer.openPacked(HEADER, codec, trade(sent));
      writer.view.setUint32(at, writer.bodyEnd - at, true);
      writer.close(writer.bodyEnd);
    } else {
      const at = writer.open(HEADER + TRADE.maxBytes);
      const end = TRADE.encode(trade(sent), writer.view, writer.bytes, at + HEADER);
      writer.view.setUint32(at, end - at, true);
      writer.close(end);
    }
    if (sent % BATCH === BATCH - 1) await writer.flush();
  }
  await writer.flush();
}

async function receive(node: Node, messages: number, form: OneWay['form']): Promise<number> {
  const codec = new BodyCodec({ trusted: node.trusted });
  const stream = new CodecStream();
  let received = 0;
  let sum = 0;
  const start = performance.now();
  const read = (_from: number, { bytes, view, start: begin, end }: Frame): void => {
    for (let at = begin + FRAME_TAG_BYTES; at < end; ) {
      const size = view.getUint32(at, true);
      const body =
        form === 'packed'
          ? (codec.decode(stream, bytes, at + HEADER, at + size) as Trade)
          : TRADE.decode(view, bytes, at + HEADER);
      sum += body.id;
      received += 1;
      at = (at + size + 7) & -8;
    }
  };
  while (received < messages) {
    if (node.receive(read) === 0) await node.wait(1000);
  }
  const seconds = (performance.now() - start) / 1000;
  if (sum !== (messages * (messages - 1)) / 2) throw new Error(`the sum of the ids is ${sum}`);
  return messages / seconds;
}

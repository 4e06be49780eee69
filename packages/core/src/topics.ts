import type { Layout } from '@troupe/transport';
import { SimulationError, show } from './errors.ts';

/** Most topics of a run: their numbers travel in 16 bits. */
const MAX_TOPICS = 65_535;

/** Topics under small indexes, with the layouts that the model declared. Index 0 is that of commands. */
export class Topics {
  readonly #indexes = new Map<string, number>();
  readonly #names: string[] = [];
  readonly #layouts: (Layout | undefined)[] = [];
  readonly #declared: Readonly<Record<string, Layout | undefined>>;
  /** Most models say the same thing again and again. */
  #lastName: string | undefined;
  #lastIndex = 0;

  constructor(declared: Readonly<Record<string, Layout | undefined>>) {
    for (const [topic, layout] of Object.entries(declared)) {
      if (layout === undefined || typeof layout.encode === 'function') continue;
      throw new SimulationError(
        'ERR_TROUPE_OPTION',
        `the layout of topic ${show(topic)} is ${show(layout)}: give layout({ ... })`,
        { topic, value: layout },
      );
    }
    this.#declared = declared;
    this.indexOf('');
  }

  /** The index of a topic, known or new. */
  indexOf(topic: string): number {
    if (topic === this.#lastName) return this.#lastIndex;
    const index = this.#indexes.get(topic) ?? this.#add(topic);
    this.#lastName = topic;
    this.#lastIndex = index;
    return index;
  }

  name(index: number): string {
    return this.#names[index] as string;
  }

  layout(index: number): Layout | undefined {
    return this.#layouts[index];
  }

  /** A body as its receiver sees it: a layout may round it, and drops what it does not declare. */
  laidOut(index: number, body: unknown): unknown {
    const layout = this.#layouts[index];
    if (layout === undefined) return body;
    const bytes = Buffer.allocUnsafeSlow(layout.maxBytes);
    const view = new DataView(bytes.buffer);
    layout.encode(body, view, bytes, 0);
    return layout.decode(view, bytes, 0);
  }

  #add(topic: string): number {
    if (typeof topic !== 'string') {
      throw new SimulationError('ERR_TROUPE_TOPIC', `the topic is ${show(topic)}: give a string`, {
        value: topic,
      });
    }
    const index = this.#names.length;
    if (index > MAX_TOPICS) {
      throw new SimulationError(
        'ERR_TROUPE_TOPIC',
        `${show(topic)} would be the ${MAX_TOPICS + 1}th topic: topics are kinds of messages; put what differs into the body`,
        { topic },
      );
    }
    this.#indexes.set(topic, index);
    this.#names.push(topic);
    this.#layouts.push(Object.hasOwn(this.#declared, topic) ? this.#declared[topic] : undefined);
    return index;
  }
}

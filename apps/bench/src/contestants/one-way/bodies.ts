import { type Layout, layout } from '@troupe/transport';

/** Bytes of a body, about: as a record of its declared layout. */
export type Size = 16 | 64 | 256 | 1024;

/** What is sent: plain data of numbers, flags and texts, and arrays of numbers where it is large. */
export interface Body {
  readonly id: number;
}

interface Kind {
  readonly layout: Layout<Body>;
  readonly make: (id: number) => Body;
}

const TRADE = {
  id: 'i32',
  price: 'f64',
  volume: 'f64',
  buy: 'bool',
  venue: 'u16',
  name: 'string(16)',
  time: 'f64',
} as const;

const NAME = 'TRPE-2026-XNYS';
const REMARK =
  'Filled in three parts at the limit or better; settles in two days, free of commission. '.repeat(3);

function kind<B extends Body>(spec: Layout<B>, make: (id: number) => B): Kind {
  return { layout: spec as Layout<Body>, make };
}

const KINDS: Record<Size, () => Kind> = {
  16: () =>
    kind(layout({ id: 'i32', venue: 'u32', price: 'f64' }), (id) => ({ id, venue: 12, price: 101.25 })),
  64: () =>
    kind(layout(TRADE), (id) => ({
      id,
      price: 101.25,
      volume: 77.5,
      buy: true,
      venue: 12,
      name: NAME,
      time: 1700000000.125,
    })),
  256: () => {
    const remark = REMARK.slice(0, 96);
    return kind(layout({ ...TRADE, levels: 'f64[12]', remark: 'string(96)' }), (id) => ({
      id,
      price: 101.25,
      volume: 77.5,
      buy: true,
      venue: 12,
      name: NAME,
      time: 1700000000.125,
      levels: new Float64Array(12).fill(101.5),
      remark,
    }));
  },
  1024: () => {
    const remark = REMARK.slice(0, 240);
    return kind(
      layout({ ...TRADE, levels: 'f64[60]', remark: 'string(240)', reply: 'string(240)' }),
      (id) => ({
        id,
        price: 101.25,
        volume: 77.5,
        buy: true,
        venue: 12,
        name: NAME,
        time: 1700000000.125,
        levels: new Float64Array(60).fill(101.5),
        remark,
        reply: remark,
      }),
    );
  },
};

/** How bodies of a size are declared and made. */
export function kindOf(size: Size): Kind {
  return KINDS[size]();
}

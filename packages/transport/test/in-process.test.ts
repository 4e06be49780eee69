import { inProcess } from '../src/index.ts';
import { complianceSuite } from '../src/testing/index.ts';

complianceSuite({
  name: 'inProcess()',
  create: () => inProcess(),
  createSmall: () => inProcess({ capacity: 1024, slice: 0 }),
  linkBytes: 128 * 1024,
  isolated: false,
  refused: {
    'a capacity of 1,023 bytes': () => inProcess({ capacity: 1023 }),
    'half a byte of capacity': () => inProcess({ capacity: 2048.5 }),
    'a negative slice': () => inProcess({ slice: -1 }),
    'a slice over a second': () => inProcess({ slice: 1001 }),
    'a slice that is no number': () => inProcess({ slice: Number.NaN }),
  },
});

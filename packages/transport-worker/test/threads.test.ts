import { complianceSuite } from '@troupe/transport/testing';
import { threads } from '../src/index.ts';

complianceSuite({
  name: 'threads()',
  create: () => threads(),
  createSmall: () => threads({ ringBytes: 64 * 1024 }),
  linkBytes: 512 * 1024,
  refused: {
    'a ring of 32 KiB': () => threads({ ringBytes: 32 * 1024 }),
    'a ring of 128 MiB': () => threads({ ringBytes: 128 * 1024 * 1024 }),
    'a ring that is no power of two': () => threads({ ringBytes: 100_000 }),
    'a negative number of spins': () => threads({ spins: -1 }),
    'half a spin': () => threads({ spins: 0.5 }),
  },
});

import { defineConfig } from 'tsup';

/**
 * `dist` mirrors `src`, one file each: relative imports stay as they are, except that `.ts` becomes `.js`.
 * So `new URL('./worker.js', import.meta.url)` means the same file in `dist` as its `.ts` twin does in `src`,
 * which a shared chunk would break.
 */
export const mirror: ReturnType<typeof defineConfig> = defineConfig({
  entry: ['src/**/*.ts'],
  format: 'esm',
  target: 'node22',
  platform: 'node',
  sourcemap: true,
  splitting: true,
  clean: true,
  silent: true,
  esbuildOptions(options) {
    options.outbase = 'src';
  },
  esbuildPlugins: [
    {
      name: 'mirror',
      setup(build) {
        build.onResolve({ filter: /^\.{1,2}\// }, ({ kind, path }) =>
          kind === 'entry-point' ? undefined : { path: path.replace(/\.ts$/, '.js'), external: true },
        );
      },
    },
  ],
});

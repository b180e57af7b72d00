// Bundles the worker after tsc: `node dist/main.js` then loads 4 files instead of 735 (decision 31).
// No TypeScript, for which rolldown would write a file beside this one.
import mongodb from 'mongodb/package.json' with { type: 'json' };
import { defineConfig } from 'rolldown';

export default defineConfig({
  input: { worker: 'src/main.ts' },
  platform: 'node',
  // An import that cannot be resolved is only a warning, and would end the worker at its start.
  onLog: (level, log, handle) => handle(level === 'warn' ? 'error' : level, log),
  // What the driver loads only where somebody has installed it.
  external: Object.keys(mongodb.peerDependencies),
  output: {
    dir: 'dist',
    // As deep as the modules of tsc, since src/settings/config.ts reads config/ by a relative path.
    entryFileNames: 'bundle/[name].js',
    chunkFileNames: 'bundle/[name].js',
    // Names of errors are logged.
    keepNames: true,
    // One character beyond Latin-1 would let V8 keep all of the text in two bytes each.
    charset: 'ascii',
    comments: { legal: true, annotation: false, jsdoc: false },
  },
  plugins: [
    {
      name: 'entry',
      generateBundle() {
        this.emitFile({ type: 'asset', fileName: 'main.js', source: "import './bundle/worker.js';\n" });
      },
    },
  ],
});

// How the front end becomes static files. Everything is relative, because nobody knows below which path
// a proxy will mount it; nothing is inlined, because the content security policy allows no `data:` script.
import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/**
 * Lines over a linear scale are all that is drawn. uPlot hangs everything it can on one function, where no
 * bundler can see what is unused: bars, steps, curves, other scales and time zones are taken off here, for the size.
 */
const linesOnly: Plugin = {
  name: 'lines-only',
  transform(code, id) {
    if (!id.includes('uPlot.esm.js')) return null
    const extras =
      /\(paths\.(?:stepped|bars|spline)\s*=\s*\w+\);|uPlot\.(?:join|tzDate|range\w+) += \w+;/g
    const scales = /\b(?:\w+\.)?distr\s*(?:>=\s*3|==\s*(?:3|4|100))/g
    return { code: code.replace(extras, '').replace(scales, 'false'), map: null }
  },
}

export default defineConfig({
  root: path('.'),
  base: './',
  plugins: [linesOnly],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact', development: false } },
  build: {
    outDir: path('../dist/dashboard/ui'),
    emptyOutDir: true,
    // The browsers that have `light-dark()`, without which there is one theme only.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    // The polyfill fetches by itself; every browser that has `light-dark()` preloads modules.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  // For work on the front end alone: `npx vite ui`, with a dashboard running beside it.
  server: { proxy: { '/api': 'http://127.0.0.1:8080' } },
})

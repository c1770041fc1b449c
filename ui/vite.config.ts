// How the front end becomes static files. Everything is relative, because nobody knows below which path
// a proxy will mount it; nothing is inlined, because the content security policy allows no `data:` script.
import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/**
 * Lines over a linear scale are all that is drawn. uPlot hangs everything it can on one function, where no
 * bundler can see what is unused: bars, steps, curves, other scales, points without a common axis, bands, the
 * legend, its own words for times, and changes of a chart that stands are taken off here, for the size.
 */
const linesOnly: Plugin = {
  name: 'lines-only',
  transform(code, id) {
    if (!id.includes('uPlot.esm.js')) return null
    return { code: unused.reduce((text, [what, by]) => text.replace(what, by), code), map: null }
  },
}

const unused: readonly (readonly [RegExp, string])[] = [
  [/\(paths\.(?:stepped|bars|spline)\s*=\s*\w+\);/g, ''],
  [/\buPlot\.(?:join|tzDate|fmtDate|sync|range\w+) += \w+;/g, ''],
  [/\bself\.(?:(?:add|del)Series|(?:add|del|set)Band|setLegend|batch) = \w+;/g, ''],
  [/\b(?:\w+\.)?distr\s*(?:>=\s*3|==\s*(?:3|4|100))/g, 'false'],
  [/\bmode == 2/g, 'false'],
  [/\bmode == 1/g, 'true'],
  [/\blegend\.(?:show|live)\b(?! =)/g, 'false'],
  [/\btime(?:AxisVals|SeriesVal)\(_tzDate,.*_fmtDate\)\)|\btimeAxisVal\(_tzDate, av\)/g, 'null'],
  [/\b(?:days|months)\.map\(slice3\)/g, '[]'],
  [/\bbandFillClipDirs\(u, seriesIdx\)/g, '[0, 0]'],
]

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

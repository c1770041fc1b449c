/**
 * Writes the figures of results/*.json into README.md and into charts beside them: no number is copied by hand.
 * `--check` writes nothing, and fails when one of them is old.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { readResult } from './results.mjs'
import { scenarios } from './scenarios.mjs'

const path = (file) => fileURLToPath(new URL(file, import.meta.url))
const region = /(<!-- results: ([a-z-]+) -->\n)[^]*?(<!-- end of results -->)/g

const readme = path('README.md')
const pages = new Map([[readme, await pageWith(readFileSync(readme, 'utf8'))], ...charts()])
const old = [...pages].filter(([file, text]) => textAt(file) !== text)
if (process.argv.includes('--check')) {
  for (const [file] of old) console.log(`${file} is not what was measured: node bench/publish.mjs`)
  process.exitCode = old.length > 0 ? 1 : 0
} else {
  for (const [file, text] of old) {
    writeFileSync(file, text)
    console.log(`wrote ${file}`)
  }
}

async function pageWith(text) {
  const filled = text.replaceAll(
    region,
    (_, begin, name, end) => `${begin}\n${contentOf(name)}\n\n${end}`,
  )
  return await format(filled, { ...(await resolveConfig(readme)), parser: 'markdown' })
}

function contentOf(name) {
  if (!Object.hasOwn(scenarios, name))
    throw new Error(`README.md has results of no scenario: ${name}`)
  const result = readResult(name)
  if (result === undefined) return `Not measured yet: \`npm run bench -- ${name} --save\`.`
  const { tables, charts: drawn } = scenarios[name]
  const images = Object.keys(drawn?.(result) ?? {}).map((one) => `![${one}](results/${one}.svg)`)
  return [whereOf(result), ...tables(result).map(markdown), ...images].join('\n\n')
}

function whereOf({ date, revision, machine }) {
  const { processor, cores, memoryGiB, node, fdatasyncMs, loadBefore } = machine
  return [
    `${date}, revision ${revision}, ${cores} cores of ${processor}, ${memoryGiB} GiB, Node ${node.slice(1)},`,
    `fdatasync ${fdatasyncMs} ms, load before it ${loadBefore}. Medians, and least to most in brackets.`,
  ].join(' ')
}

function markdown({ head, rows }) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function charts() {
  return Object.entries(scenarios).flatMap(([name, { charts: drawn }]) => {
    const result = drawn === undefined ? undefined : readResult(name)
    if (result === undefined) return []
    return Object.entries(drawn(result)).map(([one, svg]) => [path(`results/${one}.svg`), svg])
  })
}

function textAt(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

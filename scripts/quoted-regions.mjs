// Code blocks of the documents come from files that the tests run. A block stands below a comment that
// says which: `<!-- from examples/tutorial/pipeline.ts#publish -->` for a region of a file, without `#`
// for all of it. `<!-- run by test/e2e/python.test.ts -->` is for blocks that a test takes from the page.
// A region lies between `// #region NAME` and `// #endregion NAME` (`#` or `--` in place of `//`).

const marker = /^\s*(?:\/\/|#|--)\s*#(region|endregion)\s+(\S+)\s*$/
const origin = /^<!-- (from|read by) (\S+?)(?:#(\S+))? -->$/
const drawing = '<!-- a drawing -->'
const opening = /^(\s*)```(\w*)$/
const anyFence = /^\s*(```|~~~)/

/**
 * A page with its blocks as their sources have them, and what is wrong with it.
 *
 * @param {{ path: string, text: string }} page
 * @param {(path: string) => string} read gives the text of a file of the repository; throws without one
 * @returns {{ text: string, problems: string[] }}
 */
export function quoteRegions({ path, text }, read) {
  const lines = text.split('\n')
  const written = []
  const problems = []
  for (let at = 0; at < lines.length; at++) {
    written.push(lines[at])
    const fence = opening.exec(lines[at])
    if (fence === null) {
      if (anyFence.test(lines[at])) problems.push(`${path}:${at + 1}: the fence is not understood`)
      continue
    }

    const end = lines.findIndex(
      (line, index) => index > at && line.trimEnd() === `${fence[1]}\`\`\``,
    )
    if (end === -1) {
      return { text, problems: [...problems, `${path}:${at + 1}: the block has no end`] }
    }
    const before = written.slice(0, -1).findLast((line) => line.trim() !== '') ?? ''
    const block = lines.slice(at + 1, end)
    const isDrawing = before === drawing && fence[2] === 'text'
    const given = { before, block, path, isIndented: fence[1] !== '' }
    const { body, problem } = isDrawing ? { body: block } : blockOf(given, read)
    if (problem !== undefined) problems.push(`${path}:${at + 1}: ${problem}`)
    written.push(...body, lines[end])
    at = end
  }
  return { text: written.join('\n'), problems }
}

/**
 * The lines of a region, without markers and without the indentation that all of them share.
 *
 * @param {string} text of the file
 * @param {string} [name] all of the file without one
 * @returns {string} without a last newline
 */
export function regionOf(text, name) {
  const lines = text.split('\n')
  const isMarker = (kind) => (line) => {
    const found = marker.exec(line)
    return found?.[1] === kind && found[2] === name
  }
  let quoted = lines
  if (name !== undefined) {
    const starts = lines.filter(isMarker('region')).length
    if (starts !== 1) throw new Error(`has ${starts} regions "${name}"`)
    const start = lines.findIndex(isMarker('region'))
    const end = lines.findIndex(isMarker('endregion'))
    if (end < start) throw new Error(`has no end of region "${name}"`)
    quoted = lines.slice(start + 1, end)
  }
  const plain = quoted.filter((line) => !marker.test(line))
  const indents = plain.filter((line) => line.trim() !== '').map((line) => line.search(/\S/))
  const indent = Math.min(...indents)
  return plain
    .map((line) => line.slice(indent).trimEnd())
    .join('\n')
    .replace(/^\n+|\n+$/g, '')
}

/** The names of all regions of a file, in order. */
export function regionNames(text) {
  const found = text.split('\n').map((line) => marker.exec(line))
  return found.flatMap((one) => (one?.[1] === 'region' ? [one[2]] : []))
}

function blockOf({ before, block, path, isIndented }, read) {
  const problem = (what) => ({ body: block, problem: what })
  const [, kind, source, region] = origin.exec(before) ?? []
  if (source === undefined) return problem('the block has no source in the line above it')
  if (isIndented) return problem('a block with a source is not indented')
  try {
    const text = read(source)
    if (kind === 'from') return { body: regionOf(text, region).split('\n') }
    return text.includes(path) ? { body: block } : problem(`${source} does not read ${path}`)
  } catch (error) {
    return problem(`${source}: ${error.message}`)
  }
}

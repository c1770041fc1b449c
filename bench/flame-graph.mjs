/**
 * A profile of V8 (`--cpu-prof`) as a picture: each box a function, as wide as its share of the time, on top of
 * the one that called it. And as a table: which part of the program the time goes to.
 */
import { escaped, svg, text, width } from './charts.mjs'

const rowHeight = 17
/** Narrower ones are dust. */
const leastShare = 0.003

/** The first that a box's place matches. */
const parts = [
  { name: 'idle', color: '#d8dbe0', matches: ({ functionName }) => functionName === '(idle)' },
  { name: 'garbage collection', color: '#8b949e', matches: isGarbage },
  { name: 'SQLite and its driver', color: '#e3772e', matches: isIn('/storage/') },
  { name: 'core', color: '#2f81f7', matches: isIn('/core/') },
  { name: 'wire and MessagePack', color: '#a371f7', matches: isIn('/wire/', '/msgpackr/') },
  { name: 'sockets', color: '#2da44e', matches: isIn('/transport/', '/zeromq/') },
  { name: 'manager', color: '#58a6ff', matches: isIn('/manager/') },
  {
    name: 'worker and phase',
    color: '#d4a72c',
    matches: isIn('/worker/', '/pipeline/', '/bench/'),
  },
  { name: 'Node and V8', color: '#9aa0a8', matches: () => true },
]

function isIn(...folders) {
  return ({ url }) => folders.some((folder) => url.includes(folder))
}

function isGarbage({ functionName }) {
  return functionName === '(garbage collector)'
}

function partOf(frame) {
  return parts.find(({ matches }) => matches(frame))
}

/** Shares of the busy time by part, largest first: `[{ part, share }]`. */
export function sharesOf(profile) {
  const spent = new Map()
  for (const [node, micros] of selfTimes(profile)) {
    const { name } = partOf(node.callFrame)
    spent.set(name, (spent.get(name) ?? 0) + micros)
  }
  spent.delete('idle')
  const all = [...spent.values()].reduce((sum, one) => sum + one, 0)
  return [...spent]
    .map(([part, micros]) => ({ part, share: micros / all }))
    .toSorted((a, b) => b.share - a.share)
}

/** The picture, callers below. */
export function flameGraph(title, profile) {
  const root = treeOf(profile)
  const boxes = []
  const place = (box, left, depth) => {
    if (box.micros < root.micros * leastShare) return
    boxes.push({ box, left, depth })
    let at = left
    const children = [...box.children.values()].toSorted((a, b) => b.micros - a.micros)
    for (const child of children) {
      place(child, at, depth + 1)
      at += child.micros
    }
  }
  place(root, 0, 0)
  const depths = Math.max(...boxes.map(({ depth }) => depth)) + 1
  return svg({ title, height: 60 + depths * rowHeight }, [
    ...legend(),
    ...boxes.flatMap(({ box, left, depth }) => {
      const [x, w] = [(left / root.micros) * width, (box.micros / root.micros) * width]
      const y = 50 + (depths - depth - 1) * rowHeight
      const percent = ((100 * box.micros) / root.micros).toFixed(1)
      const { color } = partOf(box.frame)
      const fits = Math.floor(w / 5.6)
      const name = fits < 4 ? '' : shortened(box.name, fits)
      return [
        `<g><title>${escaped(`${box.name}, ${percent} %`)}</title>`,
        `<rect x="${x.toFixed(1)}" y="${y}" width="${Math.max(0.5, w - 0.5).toFixed(1)}" height="${rowHeight - 1}" fill="${color}"/>`,
        ...(name === '' ? [] : [text(x + 3, y + 12, name, 'start', 9.5, '#10141a')]),
        '</g>',
      ]
    }),
  ])
}

function legend() {
  let x = 16
  return parts
    .filter(({ name }) => name !== 'idle')
    .map(({ name, color }) => {
      const word = text(x, 42, name, 'start', 10, color)
      x += 5.4 * name.length + 16
      return word
    })
}

/** Calls of the same function by the same callers are one box. What was idle is left out. */
function treeOf(profile) {
  const times = new Map(selfTimes(profile))
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  const root = boxOf({ functionName: 'all', url: '' })
  const visit = (node, into) => {
    if (partOf(node.callFrame).name === 'idle') return 0
    const name = nameOf(node.callFrame)
    const box = into.children.get(name) ?? boxOf(node.callFrame)
    into.children.set(name, box)
    let micros = times.get(node) ?? 0
    for (const child of node.children ?? []) micros += visit(nodes.get(child), box)
    box.micros += micros
    return micros
  }
  for (const child of profile.nodes[0].children ?? []) root.micros += visit(nodes.get(child), root)
  return root
}

function boxOf(frame) {
  return { frame, name: nameOf(frame), micros: 0, children: new Map() }
}

function nameOf({ functionName, url }) {
  const file = url.split('/').at(-1)
  return file === '' ? functionName : `${functionName || '…'} (${file})`
}

function shortened(name, length) {
  return name.length <= length ? name : `${name.slice(0, length - 1)}…`
}

function selfTimes({ nodes, samples, timeDeltas }) {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const times = new Map()
  samples.forEach((id, at) => {
    const node = byId.get(id)
    times.set(node, (times.get(node) ?? 0) + timeDeltas[at])
  })
  return times
}

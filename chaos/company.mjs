// A manager and its workers as real processes in one folder, each door behind a proxy of its own if wanted.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Member } from './member.mjs'
import { freePairs } from '../scripts/free-ports.mjs'
import { TcpProxy } from './tcp-proxy.mjs'

const file = fileURLToPath(new URL('pipelines.mjs', import.meta.url))
const local = (port) => `tcp://127.0.0.1:${port}`

/** @typedef {{ member: Member, doors: Record<string, TcpProxy> }} Site a process and its doors */

/**
 * @param {{ pipeline: string, jobTypes: readonly string[], workersPerPhase: number, isProxied?: boolean }} wanted
 */
export async function openCompany({ pipeline, jobTypes, workersPerPhase, isProxied = true }) {
  const folder = await mkdtemp(join(tmpdir(), `carbontube-${pipeline}-`))
  const ledger = join(folder, 'ledger.ndjson')
  const types = jobTypes.flatMap((type) => Array.from({ length: workersPerPhase }, () => type))
  const [own, sub, proxied, proxiedSub, ...others] = await freePairs(4 + types.length)
  const manager = {
    member: new Member({
      ...{ name: 'manager', cwd: folder, env: {} },
      args: ['pipeline', file, pipeline, '--pull-bind', local(own), '--sub-bind', local(sub)],
    }),
    doors: isProxied
      ? {
          pull: new TcpProxy(proxied, own),
          router: new TcpProxy(proxied + 1, own + 1),
          sub: new TcpProxy(proxiedSub, sub),
        }
      : {},
  }
  const [pull, events] = isProxied ? [proxied, proxiedSub] : [own, sub]
  const links = ['--push-connect', local(pull), '--pub-connect', local(events), '--drain', '5s']
  const workers = types.map((type, n) => {
    const port = others[n]
    const advertised = isProxied ? ['--advertise', local(port + 1)] : []
    const args = ['phase', file, type, ...links, '--pull-bind', local(port), ...advertised]
    return {
      member: new Member({ name: `${type}-${n}`, cwd: folder, env: { LEDGER: ledger }, args }),
      doors: isProxied ? { worker: new TcpProxy(port + 1, port) } : {},
    }
  })
  const address = local(pull + 1)
  return new Company({ folder, ledger, pipeline, address, manager, workers })
}

export class Company {
  /** @param {{ folder: string, ledger: string, pipeline: string, address: string, manager: Site, workers: Site[] }} parts */
  constructor({ folder, ledger, pipeline, address, manager, workers }) {
    this.folder = folder
    this.ledger = ledger
    this.store = join(folder, '.carbontube', `${pipeline}.db`)
    /** What clients connect to. */
    this.address = address
    this.manager = manager
    this.workers = workers
  }

  get sites() {
    return [this.manager, ...this.workers]
  }

  get findings() {
    return this.sites.flatMap(({ member }) => member.findings)
  }

  async start() {
    for (const { doors } of this.sites) for (const door of Object.values(doors)) await door.open()
    for (const { member } of this.sites) member.start()
  }

  /** Every link whole, every process there and running. */
  async heal() {
    for (const { member, doors } of this.sites) {
      for (const door of Object.values(doors)) {
        await door.heal()
        await door.reopen()
      }
      if (member.isFrozen) member.thaw()
      if (!member.isUp) member.start()
    }
  }

  /** As a person would stop it: the workers first. */
  async stop() {
    await Promise.all(this.workers.map(({ member }) => member.stop()))
    await this.manager.member.stop()
  }

  /** Ends all that is left, in whatever state. */
  async close({ keepFolder = false } = {}) {
    for (const { member, doors } of this.sites) {
      await member.close()
      for (const door of Object.values(doors)) await door.close()
    }
    if (!keepFolder) await rm(this.folder, { recursive: true, force: true })
  }
}

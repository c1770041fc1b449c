/**
 * Ports for servers of tests that must be told theirs. A port is free a moment before its server listens, and
 * files of tests run side by side: so each port is given to one of their processes only.
 */
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Below the range from which Linux gives a port to every connection that goes out (32,768 and more): while a
 * killed server is away, none of those takes its door. The same holds for the cluster bus of a Redis that
 * listens on one of them (10,000 above).
 */
const [from, to] = [10_000, 21_000]

/** A file for each port that was given away, with the process that has it. */
const given = join(tmpdir(), 'carbontube-test-ports')
const ours = new Set<string>()

export async function freePort(): Promise<number> {
  return (await freePorts(1))[0] as number
}

/** The first of two neighbours: some doors are beside others. */
export async function freePair(): Promise<readonly [number, number]> {
  const [first, second] = await freePorts(2)
  return [first as number, second as number]
}

/** Neighbours. */
async function freePorts(count: number): Promise<readonly number[]> {
  for (;;) {
    const first = from + count * randomInt((to - from) / count)
    const ports = Array.from({ length: count }, (_, at) => first + at)
    if (ports.every(take) && (await areFree(ports))) return ports
  }
}

/** Until this process ends. */
function take(port: number): boolean {
  const file = join(given, String(port))
  if (isTaken(file)) return false
  try {
    mkdirSync(given, { recursive: true })
    writeFileSync(file, String(process.pid), { flag: 'wx' })
  } catch {
    // Somebody was faster.
    return false
  }
  if (ours.size === 0) process.once('exit', giveBack)
  ours.add(file)
  return true
}

/** What a process that was killed has left is nobody's. */
function isTaken(file: string): boolean {
  try {
    process.kill(Number(readFileSync(file, 'utf8')), 0)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ESRCH') rmSync(file, { force: true })
    return code === 'EPERM'
  }
}

function giveBack(): void {
  for (const file of ours) rmSync(file, { force: true })
}

async function areFree(ports: readonly number[]): Promise<boolean> {
  const tries = await Promise.allSettled(ports.map(listen))
  const open = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  await Promise.all(open.map((server) => once(server.close(), 'close')))
  return open.length === ports.length
}

async function listen(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

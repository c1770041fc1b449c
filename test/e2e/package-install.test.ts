/** The package as a stranger gets it: packed, installed into an empty folder, and started through npx. */
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { until } from '../wait.ts'
import { addDriver, hasOwnSqlite, packInto } from './package.ts'
import { Bench } from './processes.ts'
import { Shell } from './shell.ts'

const strangers = fileURLToPath(new URL('strangers-pipeline.ts', import.meta.url))

let bench: Bench
let shells: Shell[]
let project: string

beforeEach(async () => {
  bench = await Bench.open()
  shells = []
  project = join(bench.folder, 'project')
  mkdirSync(project)
})

afterEach(async () => {
  for (const shell of shells) await shell.close()
  await bench.close()
})

function shellIn(folder: string, path?: readonly string[]): Shell {
  const shell = new Shell(folder, path)
  shells.push(shell)
  return shell
}

/** Packs what would be published, and installs it beside the file of the stranger. */
async function installPackage(shell: Shell): Promise<void> {
  await shell.succeed(`npm install ${packInto(bench.folder)}`)
  copyFileSync(strangers, join(project, 'words.ts'))
}

function bundleLine(): string {
  return `npx carbontube bundle words.ts --pull-bind ${bench.pull} --sub-bind ${bench.address(2)}`
}

/** Starts everything, and answers what became of a job. */
async function bundleAndEnqueue(shell: Shell): Promise<unknown> {
  const bundle = shell.start(bundleLine())
  await until(() => bundle.stderr().includes('is ready') || bundle.child.exitCode !== null, {
    what: 'the bundle is ready, or has ended',
    timeoutMs: 20_000,
  })
  expect(bundle.child.exitCode, bundle.stderr()).toBe(null)
  const job = `'{text: "the quick brown fox jumped"}'`
  const line = `npx carbontube enqueue ${bench.pull} words ${job} --wait --timeout 20s --json`
  return JSON.parse(await shell.succeed(line))
}

function done(node: string) {
  return {
    state: 'done',
    acknowledged: true,
    instructions: { longest: 'jumped', count: 5, node: expect.stringMatching(node) },
  }
}

describe('the packed package, installed into an empty folder', () => {
  it.skipIf(hasOwnSqlite)(
    'names the one command that adds the driver on Node 20, and runs with it',
    async () => {
      const shell = shellIn(project)
      await shell.succeed('npm init -y')
      await installPackage(shell)

      const refused = await shell.run(bundleLine())
      expect(refused.stderr).toContain('CT_MISSING_DRIVER')
      expect(refused.stderr).toContain('Run: npm install better-sqlite3@12\n')
      expect(refused.code).toBe(3)
      expect(refused.stdout).toBe('')
      expect(existsSync(join(project, '.carbontube'))).toBe(false)

      addDriver(project)
      expect(await bundleAndEnqueue(shell)).toMatchObject(done(process.versions.node))
    },
    60_000,
  )

  it('needs nothing else on a current Node, which also strips the types itself', async () => {
    const node = join(bench.folder, 'node')
    mkdirSync(node)
    writeFileSync(join(node, 'package.json'), '{"private": true}')
    await shellIn(node).succeed('npm install node@24')

    const shell = shellIn(project, [join(node, 'node_modules/node/bin')])
    writeFileSync(join(project, 'package.json'), '{"private": true, "type": "module"}')
    await installPackage(shell)
    expect(await shell.succeed('npx carbontube check words.ts 2>&1')).toContain('loads (native)')
    expect(await bundleAndEnqueue(shell)).toMatchObject(done('^24\\.'))
  }, 90_000)
})

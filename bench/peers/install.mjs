/** Installs the peers on first use: they are no dependencies of the library. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('.', import.meta.url))

/** In the versions of the lock file, unless those are there. */
export function installPeers() {
  const { packages } = JSON.parse(readFileSync(`${folder}package-lock.json`, 'utf8'))
  const installed = `${folder}node_modules/.package-lock.json`
  if (existsSync(installed)) {
    const there = JSON.parse(readFileSync(installed, 'utf8')).packages
    const wanted = Object.entries(packages).filter(([path]) => path !== '')
    if (
      wanted.every(([path, { version, optional }]) => optional || there[path]?.version === version)
    )
      return
  }
  console.error('installing the peers into bench/peers/node_modules')
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], {
    ...{ cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] },
  })
}

/** Why a peer cannot run here; `undefined` when it can. */
export function whatIsMissing(command, args = ['--version']) {
  const { status, error } = spawnSync(command, args, { stdio: 'ignore' })
  return error === undefined && status === 0 ? undefined : `${[command, ...args].join(' ')} fails`
}

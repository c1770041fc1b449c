// Makes a fresh machine ready for `npm test`: packages, their native parts, the Python side of the
// protocol tests, the servers of the shared stores, the tools for boxes of one machine, the shells that are
// completed, the browser of the dashboard's tests, the build.
// Running it again does only what is missing. Without apt or without root it says so and goes on: the
// tests that need them skip themselves.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, runStep } from './run-step.mjs'

const debianPackages = [
  'python3-zmq',
  'python3-msgpack',
  'iproute2',
  'redis-server',
  'postgresql',
  'bash-completion',
  'zsh',
  'fish',
  'chromium',
]

await dependencies()
await nativeModules()
await exampleDependencies()
await systemPackages()
await step('build', [['npm', 'run', '--silent', 'build']])

async function dependencies() {
  if (installedMatchesLock()) return say('dependencies', 'as in package-lock.json')

  // npm 11 prints a warning about install scripts and runs them; it belongs into the log.
  const { ok, seconds } = await runStep('set-up-npm-ci', [['npm', 'ci']])
  if (ok) return say('dependencies', 'ok', seconds)

  // `npm ci` refuses a lock without the optional packages of other platforms, and a registry mirror
  // that lacks those cannot make a better one. `install` takes the same versions; that is verified.
  console.log(
    'set-up: dependencies: `npm ci` refused (out/set-up-npm-ci.log): trying `npm install`',
  )
  await step('dependencies', [['npm', 'install', '--no-save']])
  if (!installedMatchesLock()) fail('what npm installed is not what package-lock.json says')
}

async function nativeModules() {
  const missing = ['better-sqlite3', 'lmdb', 'zeromq'].filter((name) => !loads(name))
  if (missing.length === 0) return say('native modules', 'they load')

  await step('native modules', [['npm', 'rebuild', ...missing]])
  const broken = missing.filter((name) => !loads(name))
  if (broken.length > 0) {
    fail(
      `${broken.join(' and ')} was rebuilt and still does not load: see out/set-up-native-modules.log`,
    )
  }
}

/** The real ffmpeg of the video example: the checks compile it, its tests and the demo run it. */
async function exampleDependencies() {
  const example = join(root, 'examples/video')
  const wanted = ['@ffmpeg-installer/ffmpeg', '@ffprobe-installer/ffprobe', 'carbontube']
  const isThere = (name) => existsSync(join(example, 'node_modules', name))
  if (wanted.every(isThere)) return say('video example', 'installed')

  await step('video example', [['npm', 'ci', '--prefix', example, '--no-audit', '--no-fund']])
}

async function systemPackages() {
  const missing = debianPackages.filter((name) => !isInstalled(name))
  if (missing.length === 0) return say('Debian packages', 'installed')

  const why = whyNoApt()
  if (why !== undefined) {
    return say('Debian packages', `without ${missing.join(', ')} (${why}): their tests are skipped`)
  }
  const result = await runStep(
    'set-up-debian-packages',
    [
      ['apt-get', 'update'],
      ['apt-get', 'install', '-y', '--no-install-recommends', ...missing],
    ],
    { env: { DEBIAN_FRONTEND: 'noninteractive' } },
  )
  if (result.ok) return say('Debian packages', `installed ${missing.join(', ')}`, result.seconds)

  // No network is no reason to stop either: everything but the tests in Python works without them.
  process.stdout.write(result.output)
  say('Debian packages', `could not install ${missing.join(', ')}: their tests are skipped`)
}

/** The hidden lock file says what is there; times of files say nothing after a checkout or a copy. */
function installedMatchesLock() {
  const hidden = join(root, 'node_modules/.package-lock.json')
  if (!existsSync(hidden)) return false

  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  const present = JSON.parse(readFileSync(hidden, 'utf8')).packages
  return Object.entries(wanted).every(([path, { version, optional, peer }]) => {
    const found = present[path]
    // Optional ones are for other platforms as a rule.
    if (found === undefined) return path === '' || optional === true || peer === true
    return found.version === version && existsSync(join(root, path))
  })
}

/** In a process of its own: a native module that does not fit can take the process down. */
function loads(name) {
  const program = {
    'better-sqlite3': `new (require('better-sqlite3'))(':memory:').close()`,
    lmdb: `require('lmdb')`,
    zeromq: `new (require('zeromq').Push)().close()`,
  }[name]
  return spawnSync(process.execPath, ['-e', program], { cwd: root }).status === 0
}

function isInstalled(name) {
  const found = spawnSync('dpkg-query', ['-W', '-f', '${Status}', name], { encoding: 'utf8' })
  return found.stdout?.includes('ok installed') ?? false
}

function whyNoApt() {
  if (spawnSync('apt-get', ['--version']).error !== undefined) return 'this system has no apt-get'
  if (process.getuid?.() !== 0) return 'only root may install them'
  return undefined
}

async function step(name, commands) {
  const { ok, seconds, output } = await runStep(`set-up-${name.replaceAll(' ', '-')}`, commands)
  if (ok) return say(name, 'ok', seconds)

  process.stdout.write(output)
  fail(`${name} failed: its output is above and in out/`)
}

function say(name, what, seconds) {
  const took = seconds === undefined ? '' : ` (${seconds.toFixed(1)} s)`
  console.log(`set-up: ${name}: ${what}${took}`)
}

function fail(message) {
  console.log(`set-up: ${message}`)
  process.exit(1)
}

// Packs what would be published, once for all checks of a run that look at it, and under a name without
// a version. Argument: where to. Does nothing when that file is there already.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { root } from './run-step.mjs'

const target = resolve(root, process.argv[2])
if (!existsSync(target)) {
  const folder = dirname(target)
  mkdirSync(folder, { recursive: true })
  // Without scripts: `prepack` would build again what the step `types` has just built.
  const answer = execFileSync(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
    { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  )
  renameSync(join(folder, JSON.parse(answer)[0].filename), target)
}

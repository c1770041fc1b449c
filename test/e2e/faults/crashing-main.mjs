/**
 * `pipeline` and `phase` of the command line, that end themselves with SIGKILL at the n-th passing of a
 * named point: CARBONTUBE_CRASH_AT=manager.afterCommit:2. Not part of the package, which has no such switch.
 */
import { optionsFor } from '../../../dist/cli/configure.js'
import { servePhase, servePipeline } from '../../../dist/cli/serve.js'

const [command, file, jobType] = process.argv.slice(2)
const [point, count] = process.env.CARBONTUBE_CRASH_AT.split(':')
let left = Number(count)

function checkpoint(name) {
  if (name !== point) return
  left -= 1
  if (left === 0) process.kill(process.pid, 'SIGKILL')
}

const serve = command === 'pipeline' ? servePipeline : servePhase
process.exitCode = await serve(file, jobType, { ...optionsFor(command, {}), checkpoint })
process.exit()

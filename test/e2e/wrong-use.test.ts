/** Wrong use is answered: a coded message, the documented exit code, and nothing is lost. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../wait.ts'
import { Bench, cli, ledgerFile } from './processes.ts'

let bench: Bench
let workerSaid = ''

const throwingHooks = `
import { Phase, Pipeline, chain } from 'carbontube'
class Work extends Phase {
  jobType = 'work'
  setup() {
    throw new TypeError('no setup here')
  }
  execute() {}
}
export class Hooks extends Pipeline {
  name = 'hooks'
  phases = chain(Work)
  async initialize() {
    throw new Error('no initialize here')
  }
}
`

beforeAll(async () => {
  bench = await Bench.open()
  bench.manager()
  bench.worker('work').stderr?.on('data', (text: Buffer) => (workerSaid += text.toString()))
  bench.worker('finish')
  await bench.workersReady(await bench.client(), { work: 1, finish: 1 })
})

afterAll(async () => {
  await bench.close()
})

async function expectRefusal(args: readonly string[], code: string, exit: number): Promise<string> {
  const finished = await bench.run(args)
  expect(finished.stderr).toContain(code)
  expect(finished.code).toBe(exit)
  expect(finished.stdout).toBe('')
  return finished.stderr
}

describe('the command line refuses', () => {
  it('an unknown pipeline, naming the one that is there', async () => {
    const args = ['enqueue', bench.pull, 'ledgr', '{"n": 1}']
    expect(await expectRefusal(args, 'CT_UNKNOWN_PIPELINE', 5)).toContain('"ledger"')
  })

  it('an unknown job type, with a guess', async () => {
    const message = await expectRefusal(['phase', ledgerFile, 'wrok'], 'CT_UNKNOWN_JOB_TYPE', 5)
    expect(message).toContain('did you mean "work"?')
  })

  it('bad JSON', async () => {
    await expectRefusal(['enqueue', bench.pull, 'ledger', '{n: '], 'CT_BAD_INSTRUCTIONS', 2)
  })

  it('an address in use', async () => {
    const doors = ['--pull-bind', bench.pull, '--sub-bind', 'tcp://127.0.0.1:*']
    const other = await Bench.open()
    const finished = await other.run(['pipeline', ledgerFile, ...doors])
    await other.close()
    expect(finished.stderr).toContain('CT_ADDRESS_IN_USE')
    expect(finished.code).toBe(3)
  })

  it('a limit of the system that lets it open nothing more, as no defect', async () => {
    const command = `ulimit -n 24; exec '${process.execPath}' '${cli}' status tcp://127.0.0.1:9`
    const { status, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8' })
    expect(stderr).toContain('CT_TOO_MANY_FILES')
    expect(stderr).toContain('ulimit -n')
    expect(status).toBe(3)
  })

  it('a manager that does not answer', async () => {
    await expectRefusal(['status', 'tcp://127.0.0.1:9'], 'CT_UNREACHABLE', 4)
  })

  it('a dashboard of what is no address, which no manager could ever have', async () => {
    await expectRefusal(['web', 'nope'], 'CT_BAD_ADDRESS', 2)
  })

  it('a file that is not there', async () => {
    await expectRefusal(['check', 'nowhere.ts'], 'CT_FILE_NOT_FOUND', 3)
  })

  it('a chain that does not fit, in the sentence of the compiler', async () => {
    const file = fileURLToPath(new URL('unfit-pipeline.ts', import.meta.url))
    const message = await expectRefusal(['check', file], 'CT_CHAIN_DOES_NOT_FIT', 3)
    expect(message).toContain('"second" needs "uri", which nothing before it returns')
  })

  it.each([
    ['setup', ['phase', 'hooks.mjs', 'work'], 'phase "work": setup()'],
    ['initialize', ['pipeline', 'hooks.mjs'], 'pipeline "hooks": initialize()'],
  ])('what %s of the user throws, with its place', async (name, args, whose) => {
    const file = join(bench.folder, 'hooks.mjs')
    writeFileSync(file, throwingHooks)
    const line = throwingHooks.split('\n').findIndex((text) => text.includes(`no ${name}`)) + 1
    const message = await expectRefusal(args, 'CT_HOOK_FAILED', 3)
    expect(message).toContain(`${whose} threw: no ${name} here (${file}:${line}:`)
    expect(message).not.toContain('defect of Carbontube')
  })

  it.each([
    [['status', '--jsn'], `unknown option '--jsn'; did you mean --json?`, 'status'],
    [['status'], `missing required argument 'address'`, 'status'],
    [['statsu'], `unknown command 'statsu'; did you mean status?`, '[options] [command]'],
    [['jobs', 'shwo'], `unknown command 'shwo'; did you mean show?`, 'jobs'],
    [['enqueue', '--id'], `option '--id <id>' argument missing`, 'enqueue'],
    [['version', 'now'], `too many arguments for 'version'`, 'version'],
    [['jobs'], 'none of these commands is given', 'jobs'],
    [[], 'none of these commands is given', '[options] [command]'],
  ])('%j, with the usage of the command', async (args, message, usage) => {
    const said = await expectRefusal(args, 'CT_USAGE', 2)
    expect(said).toContain(`CT_USAGE: ${message}`)
    expect(said).toMatch(new RegExp(`Usage: carbontube ${usage.replace(/[[]/g, '\\[')}`))
  })

  it.each([
    [
      ['dead', 'redrive', 'ROUTER', '--all', 'nojob'],
      'CT_USAGE: give the ids of dead jobs, or --all, not both',
      2,
    ],
    [['doctor', ledgerFile], `CT_USAGE: ${ledgerFile} is a pipeline file`, 2],
    [['logs', 'ROUTER', '--phase', 'wrok'], 'has no phase "wrok"; did you mean "work"?', 5],
    [['enqueue', 'ROUTER', 'ledgr', '{}'], 'This manager runs "ledger"; did you mean that?', 5],
  ])('%j, saying what to do', async (args, message, exit) => {
    const given = args.map((word) => (word === 'ROUTER' ? bench.router : word))
    await expectRefusal(given, message, exit)
  })

  it('the audit of a pipeline file on SQLite, naming the store file', async () => {
    const message = await expectRefusal(['audit', ledgerFile], 'CT_REFUSED', 6)
    expect(message).toContain(join(bench.folder, '.carbontube', 'ledger.db'))
  })

  it('a wrong command line as JSON, when that is asked for', async () => {
    const { code, stderr } = await bench.run(['status', '--json'])
    expect(code).toBe(2)
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: 'CT_USAGE', message: `missing required argument 'address'` },
    })
  })

  it('one id for several jobs, of which none is enqueued', async () => {
    const args = ['enqueue', bench.pull, 'ledger', '-', '--id', 'only-one']
    const refused = await bench.run(args, '{"n": 1}\n\n{"n": 2}\n')
    expect([refused.code, refused.stdout]).toEqual([2, ''])
    expect(refused.stderr).toContain('CT_USAGE: --id is the id of one job, and line 3 is another')
    await expectRefusal(['jobs', 'show', bench.router, 'only-one'], 'CT_JOB_NOT_FOUND', 5)
    expect(await bench.run(args, '{"n": 1}\n\n')).toMatchObject({ code: 0, stdout: 'only-one\n' })
  })
})

describe('what people ask first', () => {
  it.each([['--version'], ['-V'], ['-v'], ['version']])(
    'is answered: %s, also with a broken configuration file',
    async (word) => {
      const broken = join(bench.folder, 'broken.json')
      writeFileSync(broken, '{pipeline: ')
      const { code, stdout } = await bench.run([word], '', { CARBONTUBE_CONFIG: broken })
      expect([code, stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\S*\n$/)])
    },
  )

  it('is answered: the help of a command in a group', async () => {
    const { code, stdout } = await bench.run(['help', 'jobs', 'list'])
    expect(code).toBe(0)
    expect(stdout).toContain('Usage: carbontube jobs list')
  })

  it('is answered: what is in a file, phases as they follow each other', async () => {
    const { code, stdout } = await bench.run(['check', ledgerFile])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^work +2 +30m\nfinish +5 +30m$/m)
  })
})

describe('enqueue', () => {
  const enqueue = (...more: string[]) => ['enqueue', bench.pull, 'ledger', ...more]

  it('says why a job is refused and what to do, as every other error is told', async () => {
    await bench.run(enqueue('{n: 1}', '--id', 'twice'))
    const message = await expectRefusal(enqueue('{n: 2}', '--id', 'twice'), 'CT_CONFLICT', 6)
    expect(message).toContain('job twice was refused: a job with this id but other instructions')
    expect(message).toContain('Give another --id')
  })

  it('says that a job goes on for which the time is over', async () => {
    const waitsFor = join(bench.folder, 'never')
    const args = enqueue(
      JSON.stringify({ waitsFor }),
      '--wait',
      '--timeout',
      '10ms',
      '--id',
      'slow',
    )
    const message = await expectRefusal(args, 'CT_TIMED_OUT: job slow has not ended', 8)
    expect(message).toContain('It goes on')
    await bench.run(['jobs', 'cancel', bench.router, 'slow'])
  })

  it('says of a bad line where it is bad, what was sent, and where to go on', async () => {
    const lines = (count: number) => '{"n": 1}\n'.repeat(count)
    const short = await bench.run(enqueue('-'), `${lines(1)}{"n": \n`)
    expect([short.code, short.stdout]).toEqual([2, ''])
    expect(short.stderr).toContain('line 2, column 7 is not JSON: invalid end of input\n')
    expect(short.stderr).toContain('Nothing was enqueued')
    const long = await bench.run(enqueue('-'), `\n${lines(501)}[]\n`)
    expect(long.code).toBe(2)
    expect(long.stdout.match(/\n/g)).toHaveLength(500)
    expect(long.stderr).toContain('line 503 is no object: []')
    expect(long.stderr).toContain('500 jobs before it were sent, and none from line 502 on')
  })

  it('names the file that cannot be read, and why', async () => {
    const message = await expectRefusal(enqueue('@nofile.json'), 'CT_FILE_NOT_FOUND', 3)
    expect(message).toContain('nofile.json cannot be read: ENOENT')
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('at %s gives the terminal back and says which jobs go on', async (signal, code) => {
    const id = `left-at-${signal}`
    const job = JSON.stringify(JSON.stringify({ waitsFor: join(bench.folder, 'never'), n: code }))
    // util-linux's `script` gives a program a terminal; `exec` has the signal reach it alone.
    const line = `echo pid=$$; exec ${process.execPath} ${cli} enqueue ${bench.pull} ledger ${job} --wait --id ${id}`
    const child = bench.spawned(spawn('script', ['-qec', line, '/dev/null']))
    let text = ''
    child.stdout.on('data', (more: Buffer) => (text += more.toString()))
    await until(() => bench.entries().some(({ jobId }) => jobId === id), { what: 'the job runs' })
    process.kill(Number(/pid=(\d+)/.exec(text)?.[1]), signal)
    expect((await once(child, 'exit'))[0]).toBe(code)
    expect(text).toContain(`${id} goes on`)
    expect(text.lastIndexOf('\u001b[?25h')).toBeGreaterThan(text.lastIndexOf('\u001b[?25l'))
    await bench.run(['jobs', 'cancel', bench.router, id])
  })
})

describe('a phase that misbehaves', () => {
  it.each([
    ['list', 'CT_BAD_RESULT'],
    ['function', 'f'],
    ['huge', 'bytes'],
    ['reject', 'not this one'],
    ['throw', 'always'],
    ['throwText', 'no error object'],
  ])('by %s leaves a dead job with its reason', async (does, reason) => {
    const instructions = JSON.stringify({ does })
    const finished = await bench.run([
      'enqueue',
      bench.pull,
      'ledger',
      instructions,
      '--wait',
      '--json',
    ])
    expect(finished.code).toBe(7)
    const line = JSON.parse(finished.stdout) as { id: string; state: string }
    expect(line.state).toBe('dead')
    const shown = await bench.run(['jobs', 'show', bench.pull, line.id, '--json'])
    expect(shown.stdout).toContain(reason)
  })

  it('is told by its worker, with the job and the reason', () => {
    const lines = workerSaid.split('\n').filter((line) => line.startsWith('{'))
    const said = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    const told = { phase: 'work', jobId: expect.any(String), stack: expect.stringContaining('at ') }
    const reject = { ...told, level: 'error', message: 'a job is rejected: not this one' }
    expect(said).toContainEqual(expect.objectContaining({ ...reject, attempt: 1 }))
    const thrown = { ...told, level: 'warn', message: 'an attempt failed: always' }
    expect(said).toContainEqual(expect.objectContaining({ ...thrown, attempt: 2 }))
  })

  it('stops nobody else: the next job is done', async () => {
    const finished = await bench.run([
      'enqueue',
      bench.pull,
      'ledger',
      "{n: 'json5'}",
      '--wait',
      '--json',
    ])
    expect(finished.code).toBe(0)
    expect(finished.stdout).toContain('"acknowledged":true')
    expect(finished.stdout).toContain('"finished":true')
  })
})

describe('a plain PUSH socket', () => {
  it('enqueues by JSON, and its garbage harms nothing', async () => {
    const { Push } = await import('zeromq')
    const push = new Push({ linger: 1_000 })
    push.connect(bench.pull)
    for (let n = 0; n < 50; n++) await push.send([Buffer.from([n, 255, 0, 193]), 'garbage'])
    await push.send(['{"v":1,"type":"enqueue","pipeline":"ledger"}', '{"n": 4711}'])
    await until(() => bench.entries().some(({ n, phase }) => n === 4711 && phase === 'finish'), {
      what: 'the job of the plain PUSH has run',
      timeoutMs: 10_000,
    })
    push.close()
    const status = await bench.run(['status', bench.pull, '--json'])
    expect((JSON.parse(status.stdout) as { rejectedMessages: number }).rejectedMessages).toBe(50)
  })
})

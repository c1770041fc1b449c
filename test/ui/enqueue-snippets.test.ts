/** What is pasted into a shell must mean the same job, whatever is in it. */
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { enqueueSnippets } from '../../ui/src/enqueue-snippets.ts'

const places = { apiUrl: 'http://box/a/api/v1/', address: 'tcp://box:5050', needsToken: true }
const job = {
  ...{ pipeline: 'my videos', id: "o'1", priority: 5 },
  instructions: { title: `it's "$HOME" \`id\` \\ done` },
}
const [curl, commandLine, typeScript] = enqueueSnippets(job, places).map(({ text }) => text)

/** Arguments as a real shell reads them. */
function argumentsOf(command: string | undefined): string[] {
  const script = `set -- ${command ?? ''}\nprintf '%s\\0' "$@"`
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1)
}

describe('a snippet', () => {
  it('for curl sends the very job', () => {
    const args = argumentsOf(curl)
    expect(args).toContain('http://box/a/api/v1/pipelines/my%20videos/jobs')
    expect(JSON.parse(args.at(-1) ?? '')).toEqual({
      ...{ instructions: job.instructions, id: job.id, priority: 5 },
    })
  })

  it('for the command line has the same instructions and options', () => {
    const args = argumentsOf(commandLine)
    expect(args.slice(0, 5)).toEqual([
      'npx',
      'carbontube',
      'enqueue',
      'tcp://box:5050',
      'my videos',
    ])
    expect(JSON.parse(args[5] ?? '')).toEqual(job.instructions)
    expect(args.slice(6)).toEqual(['--id', job.id, '--priority', '5', '--wait'])
  })

  it('for TypeScript quotes every text', () => {
    expect(typeScript).toContain('name: "my videos",')
    expect(typeScript).toContain(JSON.stringify(job.instructions.title))
  })
})

/** The same job by other means: what the form holds, as a command or as code to paste. */

export interface SnippetJob {
  readonly pipeline: string
  readonly instructions: Readonly<Record<string, unknown>>
  readonly id?: string
  readonly priority?: number
}

export interface Places {
  /** Of the API, ending in `/api/v1/`. */
  readonly apiUrl: string
  /** Of the manager, as clients write it. */
  readonly address: string
  /** Whether the API wants a token. */
  readonly needsToken: boolean
}

export interface Snippet {
  readonly title: string
  readonly text: string
}

export function enqueueSnippets(job: SnippetJob, places: Places): readonly Snippet[] {
  return [
    { title: 'curl', text: curl(job, places) },
    { title: 'CLI', text: commandLine(job, places) },
    { title: 'TypeScript', text: typeScript(job, places) },
  ]
}

function curl({ pipeline, instructions, id, priority }: SnippetJob, places: Places): string {
  const body = JSON.stringify({
    instructions,
    ...(id ? { id } : {}),
    ...(priority ? { priority } : {}),
  })
  const lines = [
    `curl -X POST ${quoted(`${places.apiUrl}pipelines/${encodeURIComponent(pipeline)}/jobs`)}`,
    `-H 'content-type: application/json'`,
    ...(places.needsToken ? ['-H "authorization: Bearer $CARBONTUBE_TOKEN"'] : []),
    // Without it, a request is taken for one of a strange page in a browser.
    ...(places.needsToken ? [] : [`-H 'sec-fetch-site: same-origin'`]),
    `-d ${quoted(body)}`,
  ]
  return lines.join(' \\\n  ')
}

function commandLine({ pipeline, instructions, id, priority }: SnippetJob, places: Places): string {
  const parts = [
    'npx carbontube enqueue',
    quoted(places.address),
    quoted(pipeline),
    quoted(JSON.stringify(instructions)),
    ...(id ? ['--id', quoted(id)] : []),
    ...(priority ? ['--priority', String(priority)] : []),
    '--wait',
  ]
  return parts.join(' ')
}

function typeScript({ pipeline, instructions, id, priority }: SnippetJob, places: Places): string {
  const inside = JSON.stringify(instructions, null, 2).replaceAll('\n', '\n  ')
  return [
    `import { PipelineClient } from 'carbontube'`,
    '',
    `const client = new PipelineClient(${JSON.stringify(places.address)})`,
    'await client.connect()',
    'const { ok, outcome, job } = await client.enqueueJob({',
    `  name: ${JSON.stringify(pipeline)},`,
    ...(id ? [`  id: ${JSON.stringify(id)},`] : []),
    ...(priority ? [`  priority: ${priority},`] : []),
    `  instructions: ${inside},`,
    '})',
    'client.close()',
  ].join('\n')
}

/** For a shell: nothing in it means anything. Left bare where that is plainly safe. */
function quoted(text: string): string {
  return /^[\w./:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}

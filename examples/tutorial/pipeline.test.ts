/** How a pipeline is tested without sockets: docs/how-to/test-a-pipeline.md quotes the regions. */
// #region first
import { expect, it } from 'vitest'
import { runInMemory } from 'carbontube/testing'
import { Reports } from './pipeline.ts'

it('counts the words and reports them', async () => {
  const { output } = await runInMemory(
    Reports,
    { title: 'fox', text: 'the quick brown fox' },
    { stub: { publish: ({ title }) => ({ path: `published/${title}.txt` }) } },
  )
  expect(output).toMatchObject({ words: 4, report: 'fox has 4 words.\n' })
})
// #endregion first

// #region reject
it('refuses a title that is no file name', async () => {
  const run = runInMemory(Reports, { title: '../fox', text: '' })
  await expect(run).rejects.toMatchObject({ code: 'CT_REJECTED' })
})
// #endregion reject

// #region retry
it('publishes again until the folder is there', async () => {
  let failures = 2
  const publish = ({ title }: { title: string }) => {
    if (failures-- > 0) throw new Error('no folder')
    return { path: `published/${title}.txt` }
  }
  const input = { title: 'fox', text: 'the quick brown fox' }
  const { trace } = await runInMemory(Reports, input, { stub: { publish } })

  const attempts = trace.filter(({ phase }) => phase === 'publish')
  expect(attempts.map(({ ok }) => ok)).toEqual([false, false, true])
  expect(attempts[0]).toMatchObject({ retryInMs: 2_000, error: { message: 'no folder' } })
})
// #endregion retry

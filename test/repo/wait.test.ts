import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { leaks, until } from '../wait.ts'

describe('until', () => {
  it('answers with what the condition answered', async () => {
    let asked = 0
    expect(await until(() => (++asked === 3 ? 'now' : ''), { what: 'it is asked thrice' })).toBe(
      'now',
    )
  })

  it('takes a throw for "not yet" and keeps the last one as the cause', async () => {
    const never = until(() => Promise.reject(new Error('not there')), {
      what: 'pigs fly',
      timeoutMs: 20,
    })
    await expect(never).rejects.toMatchObject({
      message: 'waited 20 ms until pigs fly',
      cause: { message: 'not there' },
    })
  })
})

describe('leaks', () => {
  it('names a server that is still open, and not one that is closed', async () => {
    const before = process.getActiveResourcesInfo()
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    expect(leaks(before)).toContain('TCPServerWrap')

    await new Promise((resolve) => server.close(resolve))
    await until(() => leaks(before).length === 0, { what: 'the handle is gone' })
  })
})

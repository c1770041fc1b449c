/** Who may do what: every route of the document with every role, sessions, and pages of somebody else. */
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mayDo, parseToken } from '../../src/dashboard/access.ts'
import type { Problem, Session, Settings } from '../../src/dashboard/api-types.ts'
import { openApiDocument } from '../../src/dashboard/open-api.ts'
import { Bench } from '../e2e/processes.ts'
import { until } from '../wait.ts'
import {
  ask,
  DashboardBench,
  EventReader,
  secretOf,
  shownFile,
  tokens,
  type Role,
} from './dashboard-bench.ts'

interface Documented {
  readonly method: string
  readonly path: string
  readonly role: Role | 'open'
}

const roles = ['read', 'operate', 'admin'] as const
const { paths } = openApiDocument('1') as {
  paths: Readonly<Record<string, Readonly<Record<string, { 'x-role': Role | 'open' }>>>>
}
const documented: readonly Documented[] = Object.entries(paths).flatMap(([path, operations]) =>
  Object.entries(operations).map(([method, { 'x-role': role }]) => {
    return { method: method.toUpperCase(), path, role }
  }),
)
const guarded = documented.filter(({ role }) => role !== 'open')

/** Somewhere that exists as a route, and holds nothing. */
const concrete = (path: string) => path.replaceAll(/\{\w+\}/g, 'nothing')

let own: DashboardBench

beforeAll(async () => {
  own = await DashboardBench.open({ tokens, workers: {} })
}, 60_000)

afterAll(() => own.close())

/** The status alone: a stream would never end. */
async function statusOf({ method, path }: Documented, token?: string): Promise<number> {
  if (path.endsWith('/stream')) {
    const headers: Record<string, string> =
      token === undefined ? {} : { authorization: `Bearer ${token}` }
    const answered = await fetch(`http://127.0.0.1:${own.dashboard.port}${path}`, { headers })
    await answered.body?.cancel()
    return answered.status
  }
  const more = token === undefined ? {} : { token }
  return (await own.call(method, concrete(path), more, '')).status
}

describe('every documented route', () => {
  it.each(guarded)('$method $path wants a token', async (route) => {
    expect(await statusOf(route)).toBe(401)
  })

  const pairs = guarded.flatMap((route) => roles.map((who) => ({ ...route, who })))
  it.each(pairs)('$method $path is for $role, and $who asks', async ({ who, role, ...route }) => {
    const status = await statusOf({ ...route, role }, secretOf(who))
    const isLetIn = role === 'open' || mayDo(who, role)
    expect(status === 403).toBe(!isLetIn)
    expect([401, 405, 500]).not.toContain(status)
  })
})

describe('a session', () => {
  const login = (token: string, headers = {}) =>
    own.call<Session>('POST', '/session', { body: { token }, headers })
  const cookieOf = (answer: Awaited<ReturnType<typeof login>>) =>
    String(answer.headers['set-cookie']?.[0])

  it('begins with a token, and is a cookie that no script and no other site gets', async () => {
    const answer = await login(secretOf('operate'))
    expect(answer.status).toBe(200)
    expect(answer.json).toMatchObject({ name: 'operate-person', role: 'operate', needsToken: true })
    const cookie = cookieOf(answer)
    expect(cookie).toMatch(/^carbontube_\d+=[\w-]{43}; HttpOnly; SameSite=Strict$/)
    const headers = { cookie: cookie.split(';')[0] ?? '' }
    const session = await own.call<Session>('GET', '/session', { headers })
    expect(session.json.name).toBe('operate-person')
  })

  it('is for https alone when it began there', async () => {
    for (const proto of ['https', 'https,http', 'HTTPS , http']) {
      const answer = await login(secretOf('read'), { 'x-forwarded-proto': proto })
      expect(cookieOf(answer), proto).toMatch(/; Secure$/)
    }
    const plain = await login(secretOf('read'), { 'x-forwarded-proto': 'http, https' })
    expect(cookieOf(plain)).not.toContain('Secure')
  })

  it('ends at the log-out, with its streams', async () => {
    const headers = { cookie: cookieOf(await login(secretOf('read'))).split(';')[0] ?? '' }
    const reader = new EventReader(own.dashboard.port, '/api/v1/stream', headers)
    await until(() => reader.all('snapshot').length > 0, { what: 'the stream is open' })
    expect((await own.call('DELETE', '/session', { headers })).status).toBe(204)
    await until(() => reader.isEnded, { what: 'the stream is closed' })
    expect((await own.call('GET', '/session', { headers })).status).toBe(401)
  })

  it('does not begin with a wrong token, of which each takes longer than the one before', async () => {
    const took: number[] = []
    for (let guess = 0; guess < 4; guess += 1) {
      const beganMs = performance.now()
      const { status, json } = await own.call('POST', '/session', { body: { token: `x${guess}` } })
      expect([status, json.code]).toEqual([401, 'CT_UNAUTHENTICATED'])
      took.push(performance.now() - beganMs)
    }
    expect(took[3]).toBeGreaterThan(2 * Number(took[1]))
    const beganMs = performance.now()
    expect((await login(secretOf('read'))).status).toBe(200)
    expect(performance.now() - beganMs).toBeLessThan(Number(took[3]))
  })

  it('begins with a right token, however many wrong ones of the same address are still unanswered', async () => {
    const guesses = Array.from({ length: 40 }, () =>
      own.call('GET', '/overview', { token: 'wrong' }),
    )
    const turnedAway = guesses.map(async (one) => expect((await one).status).toBe(429))
    await Promise.any(turnedAway)
    expect((await login(secretOf('read'))).status).toBe(200)
    for (const [path, base] of [
      ['/overview', '/api/v1'],
      ['/metrics', ''],
    ] as const) {
      expect((await own.call('GET', path, { token: secretOf('read') }, base)).status, path).toBe(
        200,
      )
    }
    const statuses = (await Promise.all(guesses)).map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set([401, 429]))
    await Promise.allSettled(turnedAway)
    // The others of this file begin anew.
    await login(secretOf('read'))
  }, 30_000)
})

const noJob = '/api/v1/pipelines/shown/jobs/nothing/cancel'

function postNothing(headers: Readonly<Record<string, string>>, path = noJob) {
  return ask<Problem>(own.dashboard.port, { method: 'POST', path, headers })
}

describe('a POST without a body', () => {
  const headers = { authorization: `Bearer ${secretOf('admin')}` }

  it('needs no content type', async () => {
    const { status, json } = await postNothing(headers)
    expect([status, json.code]).toEqual([404, 'CT_JOB_NOT_FOUND'])
  })

  it('needs no length either: `curl -X POST` says none', async () => {
    const socket = connect(own.dashboard.port, '127.0.0.1')
    const lines = [`POST ${noJob} HTTP/1.1`, 'host: localhost', 'connection: close']
    socket.write([...lines, `authorization: ${headers.authorization}`, '', ''].join('\r\n'))
    let answer = ''
    for await (const part of socket) answer += String(part)
    expect(answer).toMatch(/^HTTP\/1.1 404 /)
    expect(answer).toContain('CT_JOB_NOT_FOUND')
  })

  it('is an empty object where there could be one, and not enough where something is needed', async () => {
    const at = '/api/v1/pipelines/shown'
    expect((await postNothing(headers, `${at}/pause`)).status).toBe(204)
    expect((await postNothing(headers, `${at}/resume`)).status).toBe(204)
    const { status, json } = await postNothing(headers, `${at}/jobs`)
    expect([status, json.code]).toEqual([400, 'CT_BAD_REQUEST'])
  })

  it('is none when its body comes in chunks', async () => {
    const chunked = { ...headers, 'transfer-encoding': 'chunked' }
    expect((await postNothing(chunked)).status).toBe(400)
  })
})

describe('a page of somebody else', () => {
  const token = secretOf('admin')
  const path = '/pipelines/shown/pause'

  it.each(['cross-site', 'same-site', ''])('cannot POST: Sec-Fetch-Site "%s"', async (site) => {
    const { status, json } = await own.call('POST', path, { headers: { 'sec-fetch-site': site } })
    expect([status, json.code]).toEqual([403, 'CT_FORBIDDEN'])
  })

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'cannot POST what a form could: %s',
    async (type) => {
      const { status } = await own.call('POST', path, { token, headers: { 'content-type': type } })
      expect(status).toBe(400)
    },
  )

  it('cannot POST without a body either', async () => {
    for (const site of ['cross-site', 'same-site']) {
      expect((await postNothing({ 'sec-fetch-site': site })).status).toBe(403)
    }
    expect((await postNothing({})).status).toBe(403)
    // A form without fields has no body, and says of which type that is.
    const form = { 'sec-fetch-site': 'none', 'content-type': 'application/x-www-form-urlencoded' }
    expect((await postNothing(form)).status).toBe(400)
    expect((await postNothing({ authorization: `Bearer ${token}`, ...form })).status).toBe(400)
  })

  it.each([
    'evil.example',
    'evil.example:8080',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
  ])('cannot ask under its own name, which leads here: Host "%s"', async (host) => {
    for (const asked of ['/api/v1/overview', '/metrics', '/healthz', '/']) {
      const { status } = await own.call('GET', asked, { token, headers: { host } }, '')
      expect(status, asked).toBeGreaterThanOrEqual(400)
    }
  })

  it.each(['localhost', '127.0.0.1', '[::1]'])('is not what asks as %s', async (name) => {
    const headers = { host: `${name}:${own.dashboard.port}` }
    expect((await own.call('GET', '/overview', { token, headers })).status).toBe(200)
  })
})

describe('what the dashboard answers', () => {
  it('comes with headers that allow a page nothing but what it needs', async () => {
    for (const path of ['/api/v1/session', '/nothing', '/', '/metrics', '/healthz']) {
      const { headers } = await own.call('GET', path, {}, '')
      expect(headers['content-security-policy'], path).toMatch(/^default-src 'none'; /)
      expect(headers['content-security-policy']).toContain("require-trusted-types-for 'script'")
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['cache-control']).toBe('no-store')
    }
  })

  it('is counted when a browser reports a breach of the policy', async () => {
    const headers = { 'content-type': 'application/csp-report' }
    await own.call('POST', '/csp-reports', { body: { 'csp-report': {} }, headers })
    const token = secretOf('read')
    const { json } = await own.call<{ count: number }>('GET', '/csp-reports', { token })
    expect(json.count).toBe(1)
  })

  it('is not counted when a page of somebody else sends what it could send anywhere', async () => {
    const post = (type: string) =>
      own.call('POST', '/csp-reports', {
        headers: { 'content-type': type, 'sec-fetch-site': 'cross-site' },
      })
    expect((await post('application/reports+json')).status).toBe(204)
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      expect((await post(type)).status, type).toBe(400)
    }
  })

  it('tells a wrong method from a wrong path', async () => {
    const token = secretOf('admin')
    const wrong = await own.call('DELETE', '/overview', { token })
    expect([wrong.status, wrong.headers['allow']]).toEqual([405, 'GET'])
    const { json } = await own.call('GET', '/nothing', { token })
    expect([json.code, json.hint]).toEqual([
      ...['CT_NOT_FOUND', 'The routes are in /api/v1/openapi.json.'],
    ])
    for (const method of ['POST', 'PATCH']) {
      const metrics = await own.call(method, '/metrics', { token }, '')
      expect([metrics.status, metrics.headers['allow']]).toEqual([405, 'GET'])
    }
  })

  it('refuses a body of more than 8 MiB', async () => {
    const body = JSON.stringify({ instructions: { n: 1, text: 'x'.repeat(8 * 1024 * 1024) } })
    const token = secretOf('admin')
    const { status, json } = await own.call('POST', '/pipelines/shown/jobs', { token, body })
    expect([status, json.code]).toEqual([413, 'CT_TOO_LARGE'])
  })

  it('is the same under any path before it', async () => {
    const token = secretOf('read')
    expect((await own.call('GET', '/overview', { token }, '/a/b/api/v1')).status).toBe(200)
    expect((await own.call('GET', '/a/b/healthz', {}, '')).status).toBe(200)
  })
})

describe('carbontube web', () => {
  const serve = async (...args: string[]) => {
    const bench = await Bench.open()
    const finished = await bench.run(['web', bench.router, ...args])
    await bench.close()
    return finished
  }

  it('refuses to listen away from loopback without a token', async () => {
    const { code, stderr, stdout } = await serve('--bind', '0.0.0.0:0')
    expect([code, stdout]).toEqual([3, ''])
    expect(stderr).toContain('CT_NO_TOKEN')
  })

  it('refuses a token that is none, without repeating what might be a secret', async () => {
    const { code, stderr } = await serve('--bind', '127.0.0.1:0', '--token', 'my-long-secret-text')
    expect(code).toBe(2)
    expect(stderr).toContain('name:role:hash')
    expect(stderr).not.toContain('my-long-secret-text')
  })

  it.each([
    ['a:b', 'it has 2 of the 3 parts'],
    ['a b:read:00', 'its name is not'],
    ['a:b:c', 'its role is none of read, operate and admin'],
    ['a:read:c', 'its hash is not 64 hex digits'],
  ])('says what is wrong with the token %s', (token, what) => {
    expect(() => parseToken(token)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(what) }),
    )
  })

  it('starts away from loopback with a token that web-token has made', async () => {
    const bench = await Bench.open()
    const made = await bench.run(['web-token', 'ops', 'admin', '--json'])
    const { secret, token } = JSON.parse(made.stdout) as { secret: string; token: string }
    const args = ['web', bench.router, '--bind=0.0.0.0:0']
    const server = bench.start(args, { CARBONTUBE_WEB_TOKEN: token })
    let said = ''
    server.stderr?.on('data', (text: Buffer) => (said += text.toString()))
    const [, port] = await until(() => /ready at http:\/\/\S+:(\d+)\//.exec(said), {
      ...{ what: 'it says where it is', timeoutMs: 20_000 },
    })
    const headers = { authorization: `Bearer ${secret}` }
    const asked = { method: 'GET', path: '/api/v1/session', headers }
    const { json } = await ask<Session>(Number(port), asked)
    expect(json).toMatchObject({ name: 'ops', role: 'admin' })
    const settings = await ask<Settings>(Number(port), { ...asked, path: '/api/v1/settings' })
    const option = (name: string) => settings.json.options.find((one) => one.name === name)
    expect(option('bind')).toMatchObject({ value: '0.0.0.0:0', source: 'flag' })
    expect(option('token')).toMatchObject({ value: 'ops:admin:…', source: 'variable' })
    expect(option('timeout')).toMatchObject({ value: '5s', source: 'default' })
    expect(settings.text).not.toContain(token.split(':')[2])
    await bench.close()
  }, 40_000)
})

describe('carbontube web-token', () => {
  it.each(['a:b', 'two words', '', 'x'.repeat(65)])(
    'refuses the name "%s", and says what a name may be',
    async (name) => {
      const bench = await Bench.open()
      const { code, stdout, stderr } = await bench.run(['web-token', name, 'admin'])
      await bench.close()
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toContain('CT_USAGE')
      expect(stderr).toContain(`${JSON.stringify(name)} cannot be the name of a token`)
      expect(stderr).toContain('1 to 64 letters')
    },
  )
})

describe('carbontube bundle --web', () => {
  it('ends, with all it has started, when the port of the dashboard is taken', async () => {
    const bench = await Bench.open()
    const doors = ['--pull-bind', bench.pull, '--sub-bind', bench.address(2)]
    const taken = `127.0.0.1:${own.dashboard.port}`
    const { code, stderr } = await bench.run(['bundle', shownFile, ...doors, '--web', taken])
    expect(code).toBe(3)
    expect(stderr).toContain('CT_ADDRESS_IN_USE')
    expect(stderr).not.toContain('worker')
    expect(stderr).toContain('another port with --web.')
    await bench.close()
  }, 40_000)

  it('refuses to be reached by others without a token, and names its own options', async () => {
    const bench = await Bench.open()
    const doors = ['--pull-bind', bench.pull, '--sub-bind', bench.address(2)]
    const { code, stderr } = await bench.run(['bundle', shownFile, ...doors, '--web', '0.0.0.0:0'])
    expect(code).toBe(3)
    expect(stderr).toContain('CT_NO_TOKEN')
    expect(stderr).toContain('give it with --web-token')
    await bench.close()
  }, 40_000)
})

/** What errors of one cause have in common. */
import { describe, expect, it } from 'vitest'
import { fingerprint, groupKey } from '../../src/dashboard/error-fingerprint.ts'

describe('a fingerprint', () => {
  const same: readonly (readonly [string, string, string])[] = [
    ['Error: disk 17 is full', 'Error: disk 4 is full', 'Error: disk <n> is full'],
    [
      "ENOENT: no such file, open '/tmp/a b/x.mp4'",
      "ENOENT: no such file, open '/var/y.mp4'",
      'ENOENT: no such file, open <text>',
    ],
    ['cannot read /data/in/17.mov', 'cannot read /data/out/x/9.mov', 'cannot read <path>'],
    [
      'job 0193e4a1-7c1e-7bb2-8a3c-0123456789ab timed out after 1,500 ms',
      'job 0193e4a1-0000-7bb2-8a3c-0123456789ab timed out after 20 ms',
      'job <id> timed out after <n> ms',
    ],
    ['bad hash deadbeef01', 'bad hash 0badf00d77', 'bad hash <hex>'],
    ['GET https://a.example/x?y=1 failed', 'GET https://b.example/ failed', 'GET <url> failed'],
    [
      'connect ECONNREFUSED 10.0.0.1:5432',
      'connect ECONNREFUSED 10.0.0.22:5433',
      'connect ECONNREFUSED <n>',
    ],
  ]
  it.each(same)('of "%s" is that of "%s"', (one, other, print) => {
    expect([fingerprint(one), fingerprint(other)]).toEqual([print, print])
  })

  it('tells different causes apart', () => {
    expect(fingerprint('disk is full')).not.toBe(fingerprint('disk is gone'))
  })

  it('is of the first line, and never long', () => {
    expect(fingerprint('one\ntwo')).toBe('one')
    expect(fingerprint('word '.repeat(1_000)).length).toBeLessThanOrEqual(300)
  })

  it('takes no time for a text made to take long', () => {
    const beganMs = performance.now()
    for (const text of [
      '/a'.repeat(50_000),
      '"'.repeat(50_000),
      "'a".repeat(50_000),
      '1.'.repeat(50_000),
    ]) {
      fingerprint(text)
    }
    expect(performance.now() - beganMs).toBeLessThan(500)
  })

  it('has a short key that does not change', () => {
    expect(groupKey(['video', 'encode', 'attempts', 'disk <n> is full'])).toBe('6973fe4a2550')
  })
})

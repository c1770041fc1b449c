/** What must have happened in a campaign of all profiles: otherwise its worlds are too tame to prove anything. */
const sometimes = [
  'applied',
  'stale',
  'duplicate',
  'gone',
  'enqueue: busy',
  'enqueue: duplicate',
  'enqueue: conflict',
  'enqueue: full',
  'cancel: cancelled',
  'cancel: settled',
  'wrong incarnation',
  'resend',
  'adoption',
  'fenced commit',
  'crashed out',
  'refill',
  'unstarted grant given back',
  'stuck run',
  'ghost',
  'failover',
  'an epoch twice',
  'unknown outcome of an applied group',
  'the same group again',
] as const

export function unseen(seen: ReadonlyMap<string, number>): string[] {
  return sometimes.filter((what) => !seen.has(what))
}

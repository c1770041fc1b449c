/**
 * Numbers as people read them. Everything the dashboard shows goes through here, so that the same
 * figure looks the same on every page. No locale: a screenshot in a bug report must mean one thing.
 */

/** `850 ms`, `4.2 s`, `9 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`; `–` for nothing. */
export function shownDuration(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return '–'
  if (ms < 0) return shownDuration(0)
  if (ms < 1) return ms === 0 ? '0 ms' : '<1 ms'
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1).replace('.0', '')} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return pair(seconds, 60, 'min', 's')
  // Past an hour, seconds are noise: round to what is shown.
  const minutes = Math.round(ms / 60_000)
  if (minutes < 1_440) return pair(minutes, 60, 'h', 'min')
  const hours = Math.round(ms / 3_600_000)
  return pair(hours, 24, 'd', 'h')
}

function pair(total: number, size: number, large: string, small: string): string {
  const rest = total % size
  return `${Math.floor(total / size)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`
}

/** One unit only, for columns: `now`, `12 s`, `5 min`, `3 h`, `12 d`. */
export function shownAge(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return '–'
  if (ms < 1_000) return 'now'
  const seconds = Math.floor(ms / 1_000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

/** `512 B`, `1.5 KiB`, `64 KiB`, `4.8 MiB`; `–` for nothing. */
export function shownBytes(bytes: number | undefined): string {
  if (bytes === undefined || !Number.isFinite(bytes)) return '–'
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let amount = bytes
  let at = 0
  while (amount >= 1_024 && at < units.length - 1) {
    amount /= 1_024
    at += 1
  }
  const digits = at === 0 || amount >= 10 ? 0 : 1
  return `${amount.toFixed(digits)} ${units[at] ?? ''}`
}

/** Thousands apart: `12,345`. */
export function shownCount(count: number | undefined): string {
  if (count === undefined || !Number.isFinite(count)) return '–'
  return String(Math.round(count)).replaceAll(/\B(?=(\d{3})+$)/g, ',')
}

/** For boxes with little room: `999`, `12.3k`, `4.5M`. */
export function shortCount(count: number): string {
  if (count < 10_000) return shownCount(count)
  if (count < 999_500) return `${trimmed(count / 1_000)}k`
  return `${trimmed(count / 1_000_000)}M`
}

function trimmed(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toFixed(1)
}

/** `0`, `0.3`, `12`, `1,204`: a second. */
export function shownRate(perSecond: number | undefined): string {
  if (perSecond === undefined || !Number.isFinite(perSecond)) return '–'
  if (perSecond === 0) return '0'
  if (perSecond < 0.05) return '<0.1'
  return perSecond < 10 ? perSecond.toFixed(1) : shownCount(perSecond)
}

export function shownPercent(percent: number | undefined): string {
  if (percent === undefined || !Number.isFinite(percent)) return '–'
  if (percent > 0 && percent < 1) return '<1 %'
  return `${Math.round(percent)} %`
}

/** `1 job`, `2 jobs`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${shownCount(count)} ${count === 1 ? one : many}`
}

/** `attemptsUsedUp` → `attempts used up`: names of the API in a sentence. */
export function inWords(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

/** `14:03:09` of today, `24 Nov 14:03` of another day; in the time zone of who looks. */
export function shownTime(ms: number, nowMs: number): string {
  const time = new Date(ms)
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits)
  if (time.toDateString() === new Date(nowMs).toDateString()) return clock.join(':')
  const year = time.getFullYear() === new Date(nowMs).getFullYear() ? '' : ` ${time.getFullYear()}`
  return `${time.getDate()} ${months[time.getMonth()] ?? ''}${year} ${clock.slice(0, 2).join(':')}`
}

/** `14:03:09.123`, for lines of a log. */
export function shownClock(ms: number): string {
  const time = new Date(ms)
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join(':')
  return `${clock}.${String(time.getMilliseconds()).padStart(3, '0')}`
}

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}

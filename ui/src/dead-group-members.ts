/**
 * Jobs of a group of dead ones, out of a search: the server searches for a part of the error, so the part of
 * the fingerprint that never changes is what is looked for, and the rest is compared here.
 */
import type { DeadGroup, JobRow } from '../../src/dashboard/api-types.ts'
import { searchText } from './job-search.ts'

/** What stands for something that changes: `<n>`, `<id>`, `<path>`. */
const mark = /<[a-z]+>/g

export function memberSearch({ pipeline, phase, fingerprint }: DeadGroup): string {
  const literal = fingerprint
    .split(mark)
    .map((part) => part.trim())
    // Several blanks became one in a fingerprint, and quotes are a matter of taste: whole words are safe.
    .reduce((longest, part) => (part.length > longest.length ? part : longest), '')
  return searchText([
    { key: 'state', operator: ':', value: 'dead' },
    { key: 'pipeline', operator: ':', value: pipeline },
    { key: 'phase', operator: ':', value: phase },
    ...(literal === '' ? [] : [{ key: 'error', operator: ':', value: literal } as const]),
  ])
}

export function isMember({ lastError = '', deathReason = '' }: JobRow, group: DeadGroup): boolean {
  if (deathReason !== group.reason) return false
  const line = (lastError.split('\n', 1)[0] ?? '').replaceAll(/\s+/g, ' ').trim()
  return fingerprintPattern(group.fingerprint).test(line)
}

function fingerprintPattern(fingerprint: string): RegExp {
  const parts = fingerprint
    .split(mark)
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  // Fingerprints are cut where they are long: what follows does not matter.
  return new RegExp(`^${parts.join('.+?')}${fingerprint.length >= 300 ? '' : '$'}`)
}

// Durations as texts: `readonly` and `as const` keep what the compiler would forget of a field.
import { Phase } from '../../../src/pipeline/phase.ts'

export class Encode extends Phase {
  readonly jobType = 'encode'
  readonly timeout = '10m'
  retry = { attempts: 3, delay: '10s', maxDelay: '1.5h' } as const
  execute(job: { path: string }) {
    void job
  }
}

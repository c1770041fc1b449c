/** What a manager asks the schemas of a pipeline about a new job, and how it tells what is wrong with it. */
import type { InputCheck } from '../manager/input-checks.ts'
import { checkInstructions, type CompiledPipeline } from '../pipeline/compile.ts'
import { decodeInstructions } from '../wire/instructions.ts'

/** Issues that are told of one job; a list of a million wrong items would have a million. */
const issuesMax = 20

/** `undefined`: the pipeline has no schema of what may be enqueued. */
export function inputCheck(compiled: CompiledPipeline): InputCheck | undefined {
  if (compiled.inputSchema === undefined && compiled.phases[0]?.input === undefined)
    return undefined
  return async (bytes) => {
    const answer = await checkInstructions(compiled, decodeInstructions(bytes))
    return answer.ok ? undefined : inOneText(answer.issues)
  }
}

function inOneText(issues: readonly string[]): string {
  const others = issues.length - issuesMax
  const told = issues.slice(0, issuesMax)
  return (others > 0 ? [...told, `and ${others} more`] : told).join('; ')
}

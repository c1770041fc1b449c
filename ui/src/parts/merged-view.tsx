/** What the job started with, and what each phase has added: the path of the data through the pipeline. */
import type { JobDetail } from '../../../src/dashboard/api-types.ts'
import { mergedNames, type MergedPhase } from '../merged-names.ts'

/** Longer values are read below, in the instructions. */
const valueLengthMax = 120

export function MergedView({ detail }: { readonly detail: JobDetail }) {
  const steps = mergedNames(detail)
  return (
    <section class="panel" data-testid="merged">
      <h2>Data, phase by phase</h2>
      <ol class="merged">
        {steps.map((step, at) => (
          <Step key={at} step={step} />
        ))}
      </ol>
    </section>
  )
}

function Step({ step: { phase, names } }: { readonly step: MergedPhase }) {
  return (
    <li class="merged__step">
      <h3>{phase === '' ? 'Input' : phase}</h3>
      {names === undefined && <p class="muted">Not known which names are its own.</p>}
      {names?.length === 0 && <p class="muted">Nothing.</p>}
      {names !== undefined && names.length > 0 && (
        <dl class="merged__names">
          {names.map(({ name, value, overwrittenBy }) => (
            <div key={name}>
              <dt>
                <code>{name}</code>
              </dt>
              <dd>
                {overwrittenBy === undefined ? (
                  <code>{value === undefined ? '…' : short(value)}</code>
                ) : (
                  <span class="muted">set again by {overwrittenBy}</span>
                )}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </li>
  )
}

function short(value: string): string {
  return value.length > valueLengthMax ? `${value.slice(0, valueLengthMax)}…` : value
}

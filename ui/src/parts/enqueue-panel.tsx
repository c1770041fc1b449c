/** A form out of the input schema, or JSON where there is none; and the same job as a command or code. */
import { useState } from 'preact/hooks'
import type { EnqueueAnswer, PipelineDefinition } from '../../../src/dashboard/api-types.ts'
import { ApiError, apiUrl, post, segment } from '../api.ts'
import { enqueueSnippets, type Places } from '../enqueue-snippets.ts'
import { fieldsOf, filledForm, issuesByField, type Filled, type FormField } from '../form-fields.ts'
import { unexpected } from '../resource.ts'
import { link } from '../router.ts'
import { mayOperate, session } from '../session.ts'
import { FieldIssues } from './field-issues.tsx'
import { FormFields, TextField } from './form-fields-view.tsx'
import { readInstructions } from './replay-dialog.tsx'
import { SnippetTabs } from './snippet-tabs.tsx'

interface EnqueuePanelProps {
  readonly definition: PipelineDefinition
}

export function EnqueuePanel({ definition }: EnqueuePanelProps) {
  const { name, inputSchema, addresses } = definition
  const fields = fieldsOf(inputSchema)
  const [typed, setTyped] = useState<ReadonlyMap<string, string>>(new Map())
  const [json, setJson] = useState(fields.length === 0 ? '{}' : undefined)
  const [id, setId] = useState('')
  const [priority, setPriority] = useState('')
  const filled = json === undefined ? filledForm(fields, typed) : filledJson(json)
  const [last, setLast] = useState<Filled & { ok: true }>()
  if (filled.ok && JSON.stringify(filled) !== JSON.stringify(last)) setLast(filled)
  const job = {
    pipeline: name,
    instructions: (filled.ok ? filled.value : last?.value) ?? {},
    ...(id === '' ? {} : { id }),
    ...(Number(priority) ? { priority: Number(priority) } : {}),
  }
  const sending = useEnqueue(job)
  const { failure } = sending
  const shown = new Set(json === undefined ? fields.map(nameOf) : [])

  return (
    <section class="panel" data-testid="enqueue">
      <div class="panel__head">
        <h2>Enqueue a job</h2>
        {fields.length > 0 && (
          <ModeChoice
            isJson={json !== undefined}
            onJson={(isJson) =>
              setJson(isJson ? JSON.stringify(job.instructions, null, 2) : undefined)
            }
          />
        )}
      </div>
      <div class="enqueue">
        <form
          class="stack"
          noValidate
          onSubmit={(event) => {
            event.preventDefault()
            if (filled.ok) void sending.send()
          }}
        >
          <EnqueueFields
            {...{ fields, typed, json, failure, onJson: setJson }}
            issues={filled.ok ? {} : filled.issues}
            onType={(field, text) => setTyped(new Map([...typed, [field, text]]))}
          />
          <div class="form-row">
            <TextField label="Id (empty: a new one)" value={id} onInput={setId} />
            <TextField label="Priority" value={priority} onInput={setPriority} kind="number" />
          </div>
          {failure !== undefined && <FieldIssues error={failure} shownElsewhere={shown} />}
          <EnqueueFoot pipeline={name} sending={sending} isFilled={filled.ok} />
        </form>
        <SnippetTabs snippets={enqueueSnippets(job, placesOf(addresses))} />
      </div>
    </section>
  )
}

function placesOf({ pull, router }: PipelineDefinition['addresses']): Places {
  return {
    apiUrl: apiUrl(''),
    address: pull[0] ?? router,
    needsToken: session.value?.needsToken ?? true,
  }
}

interface EnqueueFootProps {
  readonly pipeline: string
  readonly sending: ReturnType<typeof useEnqueue>
  readonly isFilled: boolean
}

function EnqueueFoot({ pipeline, sending: { isBusy, answer }, isFilled }: EnqueueFootProps) {
  return (
    <div class="form-foot">
      <button
        type="submit"
        class="button button--primary"
        disabled={!mayOperate.value || isBusy || !isFilled}
      >
        Enqueue
      </button>
      {!mayOperate.value && <span class="muted">Your token may only look.</span>}
      <span role="status">
        {answer !== undefined && <Answer pipeline={pipeline} answer={answer} />}
      </span>
    </div>
  )
}

function nameOf({ path }: FormField): string {
  return path.join('.')
}

function filledJson(json: string): Filled {
  const { value, issue } = readInstructions(json)
  return value === undefined ? { ok: false, issues: { '': issue ?? '' } } : { ok: true, value }
}

interface EnqueueFieldsProps {
  readonly fields: readonly FormField[]
  readonly typed: ReadonlyMap<string, string>
  readonly json: string | undefined
  readonly issues: Readonly<Record<string, string>>
  readonly failure: ApiError | undefined
  readonly onJson: (json: string) => void
  readonly onType: (field: string, text: string) => void
}

function EnqueueFields(props: EnqueueFieldsProps) {
  const { fields, typed, json, issues, failure, onJson, onType } = props
  if (json === undefined) {
    const refused = failure === undefined ? {} : issuesByField(failure.issues)
    return (
      <FormFields
        fields={fields}
        typed={typed}
        issues={{ ...refused, ...issues }}
        onType={onType}
      />
    )
  }
  return (
    <label class="field">
      <span class="field__label">Instructions, as JSON</span>
      <textarea
        class="code-field"
        rows={10}
        spellcheck={false}
        value={json}
        aria-invalid={issues[''] !== undefined}
        onInput={(event) => onJson(event.currentTarget.value)}
      />
      {issues[''] !== undefined && <span class="field__issue">{issues['']}</span>}
    </label>
  )
}

interface ModeChoiceProps {
  readonly isJson: boolean
  readonly onJson: (isJson: boolean) => void
}

function ModeChoice({ isJson, onJson }: ModeChoiceProps) {
  return (
    <fieldset class="segments segments--small">
      <legend class="visually-hidden">Write the input as</legend>
      {[false, true].map((one) => (
        <label key={String(one)}>
          <input type="radio" name="mode" checked={one === isJson} onChange={() => onJson(one)} />
          <span>{one ? 'JSON' : 'Form'}</span>
        </label>
      ))}
    </fieldset>
  )
}

function Answer({
  pipeline,
  answer,
}: {
  readonly pipeline: string
  readonly answer: EnqueueAnswer
}) {
  const { id, outcome, durability } = answer
  return (
    <>
      {outcome === 'duplicate' ? 'Is there already: ' : 'Enqueued: '}
      <a class="id" href={link(['jobs', pipeline, id])} data-testid="enqueued">
        {id}
      </a>
      {outcome === 'stored' && <span class="muted"> ({durability})</span>}
    </>
  )
}

interface EnqueuedJob {
  readonly pipeline: string
  readonly instructions: Readonly<Record<string, unknown>>
  readonly id?: string
  readonly priority?: number
}

function useEnqueue({ pipeline, ...body }: EnqueuedJob) {
  const [failure, setFailure] = useState<ApiError>()
  const [answer, setAnswer] = useState<EnqueueAnswer>()
  const [isBusy, setBusy] = useState(false)
  const send = async () => {
    setBusy(true)
    setFailure(undefined)
    setAnswer(undefined)
    try {
      setAnswer(await post<EnqueueAnswer>(`pipelines/${segment(pipeline)}/jobs`, body))
    } catch (error) {
      setFailure(error instanceof ApiError ? error : unexpected(error))
    } finally {
      setBusy(false)
    }
  }
  return { send, failure, answer, isBusy }
}

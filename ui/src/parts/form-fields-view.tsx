/** The fields of a form made out of a schema, each with what is wrong with it right below. */
import { useId } from 'preact/hooks'
import type { FormField } from '../form-fields.ts'

interface FormFieldsProps {
  readonly fields: readonly FormField[]
  readonly typed: ReadonlyMap<string, string>
  /** By path of the field. */
  readonly issues: Readonly<Record<string, string>>
  readonly onType: (name: string, text: string) => void
}

export function FormFields({ fields, typed, issues, onType }: FormFieldsProps) {
  return (
    <>
      {fields.map((field) => {
        const name = field.path.join('.')
        return (
          <Field
            key={name}
            field={field}
            name={name}
            value={typed.get(name) ?? field.start}
            // Nobody is told off for a field they have not come to.
            issue={
              typed.has(name) || !field.isRequired ? issueOf(issues, name) : refusal(issues, name)
            }
            onInput={(text) => onType(name, text)}
          />
        )
      })}
    </>
  )
}

/** Also of what is inside of it: `sizes.0` belongs to `sizes`. */
function issueOf(issues: Readonly<Record<string, string>>, name: string): string | undefined {
  const inner = Object.keys(issues).find((one) => one.startsWith(`${name}.`))
  return issues[name] ?? (inner === undefined ? undefined : `${inner}: ${issues[inner]}`)
}

function refusal(issues: Readonly<Record<string, string>>, name: string): string | undefined {
  const issue = issueOf(issues, name)
  return issue === 'is required' ? undefined : issue
}

interface FieldProps {
  readonly field: FormField
  readonly name: string
  readonly value: string
  readonly issue: string | undefined
  readonly onInput: (text: string) => void
}

function Field({ field, name, value, issue, onInput }: FieldProps) {
  const id = useId()
  const about = [field.description, field.limits].filter((part) => part !== undefined).join(' · ')
  return (
    <div class="field" data-testid={`field-${name}`}>
      <label class="field__label" for={id}>
        <code>{name}</code>
        {!field.isRequired && <span class="muted"> optional</span>}
      </label>
      <Control {...{ field, id, value, issue, onInput }} />
      {about !== '' && (
        <span class="field__about" id={`${id}-about`}>
          {about}
        </span>
      )}
      {issue !== undefined && (
        <span class="field__issue" id={`${id}-issue`} data-testid="field-issue">
          {issue}
        </span>
      )}
    </div>
  )
}

interface ControlProps extends Omit<FieldProps, 'name'> {
  readonly id: string
}

function Control({ field, id, value, issue, onInput }: ControlProps) {
  const shared = {
    id,
    value,
    required: field.isRequired,
    'aria-invalid': issue !== undefined,
    'aria-describedby': issue === undefined ? `${id}-about` : `${id}-issue`,
    onInput: (event: { currentTarget: { value: string } }) => onInput(event.currentTarget.value),
  }
  switch (field.kind) {
    case 'choice':
    case 'boolean':
      return (
        <select {...shared}>
          <option value="">{field.isRequired ? 'choose…' : '–'}</option>
          {(field.choices ?? ['true', 'false']).map((choice) => (
            <option key={choice} value={choice}>
              {choice.replace(/^"(.*)"$/, '$1')}
            </option>
          ))}
        </select>
      )
    case 'longText':
      return <textarea {...shared} rows={3} />
    case 'json':
      return (
        <textarea {...shared} class="code-field" rows={3} spellcheck={false} placeholder="JSON" />
      )
    case 'number':
    case 'integer':
      return <input {...shared} type="text" inputMode="decimal" autocomplete="off" />
    case 'text':
      return <input {...shared} type="text" autocomplete="off" />
  }
}

interface TextFieldProps {
  readonly label: string
  readonly value: string
  readonly onInput: (text: string) => void
  /** `digits`: a text, for a number that is typed with its commas. */
  readonly kind?: 'text' | 'number' | 'digits'
  readonly min?: number
}

export function TextField({ label, value, onInput, kind = 'text', min }: TextFieldProps) {
  const shared = {
    value,
    autocomplete: 'off',
    onInput: (event: { currentTarget: { value: string } }) => onInput(event.currentTarget.value),
  } as const
  return (
    <label class="field">
      <span class="field__label">{label}</span>
      {kind === 'number' ? (
        <input {...shared} type="number" min={min} />
      ) : (
        <input {...shared} type="text" inputMode={kind === 'digits' ? 'numeric' : 'text'} />
      )}
    </label>
  )
}

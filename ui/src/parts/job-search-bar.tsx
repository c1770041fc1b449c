/** The search of jobs: one field with a small language, its terms as chips, help, and the usual filters. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { parseSearch, termText, termValue, withTerm, withoutTerm } from '../job-search.ts'
import { pipelines } from '../live.ts'
import { Icon } from './icon.tsx'

interface JobSearchBarProps {
  readonly search: string
  readonly onSearch: (text: string) => void
}

const states = ['ready', 'running', 'scheduled', 'done', 'dead', 'cancelled']

export function JobSearchBar({ search, onSearch }: JobSearchBarProps) {
  const [isHelpOpen, setHelpOpen] = useState(false)
  const state = termValue(search, 'state') ?? ''
  return (
    <div class="search" data-testid="job-search">
      <div class="search__row">
        <SearchField search={search} onSearch={onSearch} />
        <button
          type="button"
          class="button"
          aria-expanded={isHelpOpen}
          aria-controls="search-help"
          onClick={() => setHelpOpen(!isHelpOpen)}
        >
          <Icon name="help" /> Syntax
        </button>
      </div>
      {isHelpOpen && <SearchHelp onTry={onSearch} />}
      <div class="search__row search__row--filters">
        <fieldset class="segments">
          <legend class="visually-hidden">State</legend>
          {['', ...states].map((one) => (
            <label key={one}>
              <input
                type="radio"
                name="state"
                value={one}
                checked={one === state}
                onChange={() => onSearch(withTerm(search, 'state', one))}
              />
              <span>{one === '' ? 'all' : one}</span>
            </label>
          ))}
        </fieldset>
        {pipelines.value.length > 1 && (
          <select
            aria-label="Pipeline"
            value={termValue(search, 'pipeline') ?? ''}
            onChange={(event) => onSearch(withTerm(search, 'pipeline', event.currentTarget.value))}
          >
            <option value="">all pipelines</option>
            {pipelines.value.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        )}
        <Chips search={search} onSearch={onSearch} />
      </div>
    </div>
  )
}

function SearchField({ search, onSearch }: JobSearchBarProps) {
  const [text, setText] = useState(search)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => setText(search), [search])
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      const isTyping =
        event.target instanceof Element && event.target.closest('input,textarea,select')
      if (event.key !== '/' || event.ctrlKey || event.metaKey || isTyping) return
      event.preventDefault()
      field.current?.focus()
    }
    addEventListener('keydown', focus)
    return () => removeEventListener('keydown', focus)
  }, [])
  return (
    <form
      class="search__form"
      role="search"
      onSubmit={(event) => {
        event.preventDefault()
        onSearch(text.trim())
      }}
    >
      <Icon name="search" />
      <input
        ref={field}
        type="search"
        aria-label="Search jobs"
        aria-keyshortcuts="/"
        placeholder="state:dead phase:resize age>1h user.name=Ann"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <button type="submit" class="button button--primary">
        Search
      </button>
    </form>
  )
}

/** Terms that no filter beside them shows. */
function Chips({ search, onSearch }: JobSearchBarProps) {
  const hasPipelines = pipelines.value.length > 1
  const terms = parseSearch(search).map((term, index) => ({ term, index }))
  const shown = terms.filter(
    ({ term }) => term.key !== 'state' && (term.key !== 'pipeline' || !hasPipelines),
  )
  if (shown.length === 0) return null
  return (
    <ul class="chips" aria-label="Terms of the search">
      {shown.map(({ term, index }) => (
        <li key={index} class="chip">
          <span>{termText(term)}</span>
          <button
            type="button"
            aria-label={`Remove ${termText(term)}`}
            onClick={() => onSearch(withoutTerm(search, index))}
          >
            <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  )
}

const examples: readonly (readonly [string, string])[] = [
  [
    'state:dead',
    'ready, running, scheduled, done, dead, cancelled, or unsettled for the first three',
  ],
  ['pipeline:videos', 'jobs of one pipeline'],
  ['phase:resize', 'the phase they stand in, or ended in'],
  ['worker:w-1', 'the worker that has it, or had it last'],
  ['error:"no space left"', 'part of the last error'],
  ['id:order-42', 'an id, or how it begins'],
  ['age>1h', 'enqueued longer ago; age<10m: more recently'],
  ['user.name=Ann', 'a value in the instructions, by its path'],
]

function SearchHelp({ onTry }: { readonly onTry: (text: string) => void }) {
  return (
    <div id="search-help" class="search-help">
      <p>Terms with a space between them must all hold. Quote a value that has spaces.</p>
      <dl>
        {examples.map(([term, meaning]) => (
          <div key={term}>
            <dt>
              <button type="button" class="link-button" onClick={() => onTry(term)}>
                <code>{term}</code>
              </button>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}

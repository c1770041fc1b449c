/** The way to every page: a column at the side, a menu behind a button where there is no room. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { shortCount } from '../figures.ts'
import { connection, deadTotal } from '../live.ts'
import { link, page, route } from '../router.ts'
import { isAdmin, logOut, session } from '../session.ts'
import { setTheme, theme, type Theme } from '../theme.ts'
import { Icon, type IconName } from './icon.tsx'
import { sayError } from './toasts.tsx'

const places: readonly { name: string; title: string; icon: IconName }[] = [
  { name: 'overview', title: 'Overview', icon: 'overview' },
  { name: 'workers', title: 'Workers', icon: 'workers' },
  { name: 'jobs', title: 'Jobs', icon: 'jobs' },
  { name: 'dead', title: 'Dead', icon: 'dead' },
  { name: 'logs', title: 'Logs', icon: 'logs' },
  { name: 'pipelines', title: 'Pipelines', icon: 'pipelines' },
]

export function Navigation() {
  const [isOpen, setOpen] = useState(false)
  const menu = useRef<HTMLButtonElement>(null)
  useEffect(() => setOpen(false), [page.value])
  const shown = isAdmin.value
    ? [...places, { name: 'settings', title: 'Settings', icon: 'settings' as const }]
    : places
  const current = route.value.parts[0] ?? 'overview'
  useEffect(() => {
    const title = shown.find(({ name }) => name === current)?.title
    document.title = title === undefined ? 'Carbontube' : `${title} · Carbontube`
  }, [current])

  return (
    <header
      class="side"
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !isOpen) return
        setOpen(false)
        menu.current?.focus()
      }}
    >
      <a class="side__brand" href={link(['overview'])} aria-label="Carbontube, to the overview">
        <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true" class="side__mark">
          <path d="M3 16h8m10 0h8" />
          <rect x="11" y="9" width="10" height="14" rx="3" />
        </svg>
        Carbontube
      </a>
      <span class={`side__state side__state--${connection.value}`} data-testid="live-state">
        {connection.value === 'live' ? 'live' : connection.value}
      </span>
      <button
        ref={menu}
        type="button"
        class="icon-button side__menu"
        aria-expanded={isOpen}
        aria-controls="navigation"
        aria-label="Menu"
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name={isOpen ? 'close' : 'menu'} />
      </button>
      <div id="navigation" class={isOpen ? 'side__body side__body--open' : 'side__body'}>
        <nav aria-label="Pages">
          <ul class="side__list">
            {shown.map(({ name, title, icon }) => (
              <li key={name}>
                <a
                  class="side__link"
                  href={link([name])}
                  aria-current={name === current ? 'page' : undefined}
                >
                  <Icon name={icon} />
                  {title}
                  {name === 'dead' && deadTotal.value > 0 && (
                    <span class="side__count" aria-label={`${deadTotal.value} dead jobs`}>
                      {shortCount(deadTotal.value)}
                    </span>
                  )}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <SideFoot />
      </div>
    </header>
  )
}

function SideFoot() {
  const who = session.value
  return (
    <div class="side__foot">
      <ThemeSwitch />
      {who !== undefined && (
        <p class="side__who">
          <span title={`Role: ${who.role}`}>
            {who.name} · {who.role}
          </span>
          {who.needsToken && (
            <button type="button" class="link-button" onClick={() => void logOut().catch(sayError)}>
              Log out
            </button>
          )}
          <span class="side__version">Version {who.version}</span>
        </p>
      )}
    </div>
  )
}

const themes: readonly { value: Theme; title: string }[] = [
  { value: 'system', title: 'Auto' },
  { value: 'light', title: 'Light' },
  { value: 'dark', title: 'Dark' },
]

/** @param group tells two switches on one page apart */
export function ThemeSwitch({ group = 'theme' }: { readonly group?: string }) {
  return (
    <fieldset class="segments segments--small" data-testid={group}>
      <legend class="visually-hidden">Theme</legend>
      {themes.map(({ value, title }) => (
        <label key={value}>
          <input
            type="radio"
            name={group}
            value={value}
            checked={theme.value === value}
            onChange={() => setTheme(value)}
          />
          <span>{title}</span>
        </label>
      ))}
    </fieldset>
  )
}

/** Light, dark, or as the system says. Every colour is a `light-dark()`, so one attribute is all it takes. */
import { signal } from '@preact/signals'

export type Theme = 'system' | 'light' | 'dark'

const storageKey = 'carbontube-theme'

export const theme = signal<Theme>(remembered())

/** Counts changes of what is seen, for what is painted by hand (charts). */
export const paintedTheme = signal(0)

export function startTheme(): void {
  show(theme.value)
  const system = matchMedia('(prefers-color-scheme: dark)')
  system.addEventListener('change', () => (paintedTheme.value += 1))
}

export function setTheme(next: Theme): void {
  theme.value = next
  try {
    localStorage.setItem(storageKey, next)
  } catch {
    // Storage may be switched off; then the choice lasts as long as the tab.
  }
  show(next)
}

function show(next: Theme): void {
  if (next === 'system') document.documentElement.removeAttribute('data-theme')
  else document.documentElement.setAttribute('data-theme', next)
  paintedTheme.value += 1
}

function remembered(): Theme {
  try {
    const value = localStorage.getItem(storageKey)
    return value === 'light' || value === 'dark' ? value : 'system'
  } catch {
    return 'system'
  }
}

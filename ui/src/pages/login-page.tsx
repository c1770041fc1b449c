/** A token for a session. The page that somebody wanted is still in the URL, and shows when they are in. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError } from '../api.ts'
import { unexpected } from '../resource.ts'
import { logIn } from '../session.ts'

export function LoginPage() {
  const [token, setToken] = useState('')
  const [error, setError] = useState<ApiError>()
  const [isBusy, setBusy] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    document.title = 'Log in · Carbontube'
    field.current?.focus()
  }, [])
  const send = async (event: Event) => {
    event.preventDefault()
    if (token.trim() === '' || isBusy) return
    setBusy(true)
    try {
      await logIn(token.trim())
    } catch (thrown) {
      setError(thrown instanceof ApiError ? thrown : unexpected(thrown))
      setBusy(false)
      field.current?.select()
    }
  }
  return (
    <main class="login">
      <form class="login__card stack" onSubmit={(event) => void send(event)}>
        <h1>
          <svg viewBox="0 0 32 32" width="30" height="30" aria-hidden="true" class="side__mark">
            <path d="M3 16h8m10 0h8" />
            <rect x="11" y="9" width="10" height="14" rx="3" />
          </svg>
          Carbontube
        </h1>
        <label class="field">
          <span class="field__label">Access token</span>
          <input
            ref={field}
            type="password"
            name="token"
            autocomplete="current-password"
            value={token}
            aria-invalid={error !== undefined}
            aria-describedby="login-error"
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        <div id="login-error" role="alert">
          {error !== undefined && (
            <p class="field__issue">
              {error.message} {error.hint}
            </p>
          )}
        </div>
        <button type="submit" class="button button--primary" disabled={isBusy}>
          Log in
        </button>
        <p class="muted">
          Whoever runs the dashboard has it. It is exchanged for a cookie that no script can read.
        </p>
      </form>
    </main>
  )
}

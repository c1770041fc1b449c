/** Who looks, and what they may do. Nobody is shown a button that will be refused. */
import { computed, signal } from '@preact/signals'
import type { Session } from '../../src/dashboard/api-types.ts'
import { ApiError, get, post, remove, whenUnauthorized } from './api.ts'

export type Login =
  | { readonly state: 'asking' }
  | { readonly state: 'in'; readonly session: Session }
  | { readonly state: 'out' }
  | { readonly state: 'failed'; readonly error: ApiError }

export const login = signal<Login>({ state: 'asking' })

export const session = computed(() =>
  login.value.state === 'in' ? login.value.session : undefined,
)

/** Whether buttons that change something are shown at all. */
export const mayOperate = computed(
  () => session.value !== undefined && session.value.role !== 'read',
)

export const isAdmin = computed(() => session.value?.role === 'admin')

whenUnauthorized(() => {
  login.value = { state: 'out' }
})

export async function askSession(): Promise<void> {
  try {
    login.value = { state: 'in', session: await get<Session>('session') }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    login.value = error.status === 401 ? { state: 'out' } : { state: 'failed', error }
  }
}

/** @throws ApiError when the token is wrong */
export async function logIn(token: string): Promise<void> {
  login.value = { state: 'in', session: await post<Session>('session', { token }) }
}

/** The page begins anew: nothing that was open may go on asking. */
export async function logOut(): Promise<void> {
  await remove('session')
  location.reload()
}

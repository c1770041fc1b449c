/**
 * Everything long-lived: `start`, `stop`, `state`, and nothing cleverer. `stop` is idempotent, legal
 * before `start`, and resolves when it has truly stopped. Who stands by waits to be needed. (The contract is River's.)
 */
export type ServiceState = 'new' | 'starting' | 'standby' | 'running' | 'stopping' | 'stopped'

export interface Service {
  readonly state: ServiceState
  start(): Promise<void>
  stop(): Promise<void>
}

/** Where a pipeline keeps its jobs. */
import type { CompiledPipeline } from '../pipeline/compile.ts'
import { runUserHook } from '../runtime/user-hook.ts'
import type { Storage } from '../storage/contract.ts'
import { SqliteStorageBackend } from '../storage/sqlite/sqlite-storage.ts'

/** The backend that `initialize` chose; SQLite beside the user without it. Not yet open. */
export async function backendOf({ instance, spec }: CompiledPipeline): Promise<Storage> {
  await runUserHook(`pipeline "${spec.name}": initialize()`, () => instance.initialize?.())
  return instance.backend ?? new SqliteStorageBackend(spec.name)
}

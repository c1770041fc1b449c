/** What node:http says when a server has cut the connection. */
export function isErrorWithCode(error: unknown): undefined {
  if (error instanceof Error && 'code' in error) return undefined
  throw error
}

/** What an id of a job may be, for clients and managers alike. */

/** It has half a character, which UTF-8 cannot hold: two such ids may become one in a store. */
export function hasHalfCharacter(id: string): boolean {
  return /\p{Surrogate}/u.test(id)
}

/** Chance as the shells draw it: ids, nonces, seeds. */
import { randomBytes, randomInt } from 'node:crypto'
import { v7 } from 'uuid'

/** A job id: UUIDv7, so that ids sort roughly by time. */
export function newJobId(): string {
  return v7()
}

/** 64 random bits in hex. */
export function newNonce(): string {
  return randomBytes(8).toString('hex')
}

/** A seed for the core's rng. */
export function newSeed(): number {
  return randomInt(2 ** 32)
}

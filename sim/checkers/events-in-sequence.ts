/** I12: the published events of a manager are numbered without gaps. */
import { decodePublished } from '../../src/wire/published.ts'
import { EventPublisher } from '../../src/wire/event-publisher.ts'
import type { MakeChecker } from '../checked-world.ts'
import { Violation } from '../checker.ts'

export const eventsInSequence: MakeChecker = (world) => {
  const publishers = new Map<string, EventPublisher>()
  const publisherOf = (manager: string, nonce: string): EventPublisher => {
    const known = publishers.get(nonce)
    if (known !== undefined) return known
    let last: number | undefined
    const made = new EventPublisher(manager, () => world.nowMs)
    made.attach({
      publish(frames) {
        const { sequence } = decodePublished(frames)
        if (last !== undefined && sequence !== last + 1) {
          throw new Violation('I12', `${manager} published ${sequence} after ${last}`)
        }
        last = sequence
      },
    })
    made.subscribed('')
    publishers.set(nonce, made)
    return made
  }
  return {
    invariant: 'I12',
    onEffect(owner, effect) {
      if (effect.type !== 'Publish') return
      const { type, ...fields } = effect.event
      publisherOf(owner.manager, owner.nonce).publish(type, fields)
    },
  }
}

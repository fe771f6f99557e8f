import { isIPv6 } from 'node:net'
import type { Disposer } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import type { FeedReader } from './feed-reader'

export interface FeedPlaces {
  /** What it returns gives the place back; calling that twice is harmless. Throws COORDINATOR_BUSY. */
  take(reader: Pick<FeedReader, 'view' | 'address'>): Disposer
}

/** Readers without the token; each costs a connection. */
const MAX_READERS = 200
/** Of these, from one address: an office behind one router, and not enough to keep everybody else out. */
const MAX_READERS_OF_ADDRESS = 50
/** The host's own: whoever has the token needs a place also when strangers have taken all of theirs. */
const MAX_HOSTS = 50

/** Counts who listens to the feed. */
export function createFeedPlaces(): FeedPlaces {
  const readersOf = new Map<string, number>()
  let readers = 0
  let hosts = 0
  return {
    take({ view, address }) {
      let isHeld = true
      const once = (giveBack: () => void) => () => {
        if (isHeld) giveBack()
        isHeld = false
      }
      if (view === 'host') {
        if (hosts >= MAX_HOSTS)
          throw new EspalierError('COORDINATOR_BUSY', `${MAX_HOSTS} pages of the host listen already`)
        hosts += 1
        return once(() => {
          hosts -= 1
        })
      }
      const from = householdOf(address)
      const theirs = readersOf.get(from) ?? 0
      if (theirs >= MAX_READERS_OF_ADDRESS)
        throw new EspalierError('COORDINATOR_BUSY', `${theirs} pages of this address listen already`)
      if (readers >= MAX_READERS) throw new EspalierError('COORDINATOR_BUSY', `${readers} pages listen already`)
      readers += 1
      readersOf.set(from, theirs + 1)
      return once(() => {
        readers -= 1
        const left = (readersOf.get(from) ?? 1) - 1
        if (left > 0) readersOf.set(from, left)
        else readersOf.delete(from)
      })
    },
  }
}

/** A household has a /64 of IPv6 addresses, and one of IPv4. */
function householdOf(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address
  // "a::b" has zeros in the middle: as many as are missing to eight groups.
  const [head = '', tail = ''] = address.split('%')[0]?.split('::') ?? []
  const before = head.split(':').filter(Boolean)
  const after = tail.split(':').filter(Boolean)
  const zeros = address.includes('::') ? Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0') : []
  return [...before, ...zeros, ...after].slice(0, 4).join(':')
}

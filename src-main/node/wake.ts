import { networkInterfaces } from 'node:os'
import type { Clock, Disposer } from '../../src-shared/clock'

const LOOK_INTERVAL_MS = 5_000
/** A timer that is this late did not wait for a busy processor: the computer slept. */
const SLEPT_MS = 15_000

export type Wake = { kind: 'slept'; forMs: number } | { kind: 'network-changed'; addresses: string[] }

/**
 * Tells when the computer has slept, or when its own addresses are others now: what was known about being seen is
 * stale at once (D-T06). Works where nobody announces a sleep, such as a laptop's lid or a stopped virtual machine.
 */
export function watchWake(options: { clock: Clock; addresses?: () => string[]; onWake(wake: Wake): void }): Disposer {
  const { clock, addresses = ownAddresses } = options
  let lastLookAt = clock.now()
  let before = addresses()
  return clock.every(LOOK_INTERVAL_MS, () => {
    const now = clock.now()
    // A clock that was set shows here too; looking once more does no harm then.
    const lateMs = now - lastLookAt - LOOK_INTERVAL_MS
    lastLookAt = now
    const current = addresses()
    const hasChanged = current.join() !== before.join()
    before = current
    if (lateMs > SLEPT_MS) options.onWake({ kind: 'slept', forMs: lateMs })
    else if (hasChanged) options.onWake({ kind: 'network-changed', addresses: current })
  })
}

/** Addresses that others may reach. IPv6's link-local ones are the same on every network. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .map(({ address }) => address)
    .sort()
}

import type { Selectors, Validators } from '@libp2p/kad-dht'
import type { Clock } from '../../src-shared/clock'
import { newestRecord, openRecord } from './envelope'
import { RECORD_NAMESPACE } from './keys'

/** What a host needs to keep and judge our records: without these rules Kademlia refuses every one of them. */
export function recordRules(clock: Clock): { validators: Validators; selectors: Selectors } {
  return {
    validators: {
      async [RECORD_NAMESPACE](key, value) {
        await openRecord(key, value, clock)
      },
    },
    selectors: { [RECORD_NAMESPACE]: (_, values) => newestRecord(values) },
  }
}

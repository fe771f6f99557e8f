import { VERSION } from '../../src-shared/version'
import { createCallJournal } from '../health/call-journal'
import type { HivemindDht } from '../hivemind/dht'
import { RPC_INFO } from '../hivemind/protocols'
import { EXPERT_PROTOCOL } from '../kademlia/expert-rpc'
import type { Host } from '../network/host'
import type { LoadedShard } from './loaded-shard'
import type { Presence } from './presence'
import type { RuntimeOptions } from './runtime-types'

/** Answers whoever asks what this node serves, in the forms of its network, and keeps a journal of who asked. */
export async function serveInfo(
  options: Pick<RuntimeOptions, 'config' | 'clock' | 'log' | 'rooms' | 'scope'> & {
    host: Host
    dht: HivemindDht
    presence: Presence
    serving(): LoadedShard | null
    cacheTokensLeft(): number
  },
): Promise<void> {
  const { config, clock, log, rooms, scope, host, dht, presence, serving, cacheTokensLeft } = options
  const journal = createCallJournal(clock, log)
  scope.add(() => journal.dispose())
  const stopServingRpcInfo = await rooms.serveRpcInfo(host, {
    clock,
    info: () => ({ version: VERSION, dhtClientMode: dht.mode === 'client', cacheTokensAvailable: cacheTokensLeft() }),
    serves(key) {
      const target = serving()?.target
      return target !== undefined && presence.keysOf(target).includes(key)
    },
    onCall: (peer) => journal.note(RPC_INFO, peer),
  })
  scope.add(() => stopServingRpcInfo())
  if (config.profile.recordForms.includes('kademlia')) {
    const stopServingExpertInfo = await rooms.serveExpertInfo(host, {
      clock,
      describe: (uid) => presence.describe(uid),
      onCall: (peer) => journal.note(EXPERT_PROTOCOL, peer),
    })
    scope.add(() => stopServingExpertInfo())
  }
}

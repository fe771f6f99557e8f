import type { Identify } from '@libp2p/identify'
import type { ServiceMap } from '@libp2p/interface'
import type { KadDHT } from '@libp2p/kad-dht'
import type { Ping } from '@libp2p/ping'
import type { Libp2p } from 'libp2p'
import type { Disposer } from '../../src-shared/clock'
import type { CallFigures, CallWatcher } from './call-limits/limit-calls'
import type { Listening } from './nat'
import type { TrafficFigures } from './traffic'

export interface HostServices extends ServiceMap {
  identify: Identify
  ping: Ping
  dht: KadDHT
  listening: Listening
  calls: { figures(): CallFigures; watch(told: CallWatcher): Disposer }
  traffic: { figures(): TrafficFigures }
}
export type Host = Libp2p<HostServices>

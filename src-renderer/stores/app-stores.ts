import type { Clock, Disposer } from '../../src-shared/clock'
import type { MethodOutput } from '../../src-shared/contract'
import type { BridgeClient } from '../bridge-client'
import { createHostStore, type HostStore } from '../pages/host-store'
import { type ApiStore, createApiStore } from './api-store'
import { type AppViewStore, createAppViewStore } from './app-view-store'
import { type AskedStore, createAskedStore } from './asked-store'
import { createDiagnosticsStore, type DiagnosticsStore } from './diagnostics-store'
import { createDraftStore, type DraftStore } from './draft-store'
import { createFrames } from './frames'
import { createGenerationStore, type GenerationStore } from './generation-store'
import type { DraftPlace } from './kept-draft'
import { createLogStore, type LogStore } from './log-store'
import { createMeterStore, type MeterStore } from './meter-store'
import { createNodeStore, type NodeStore } from './node-store'
import { createSettingsStore, type SettingsStore } from './settings-store'
import { createShardsStore, type ShardsStore } from './shards-store'
import { createTimingStore, type TimingStore } from './timing-store'
import { createWelcomeStore, type WelcomeStore } from './welcome-store'

export interface AppStores {
  readonly node: NodeStore
  readonly generation: GenerationStore
  readonly settings: SettingsStore
  readonly draft: DraftStore
  readonly shards: ShardsStore
  readonly diagnostics: DiagnosticsStore
  readonly log: LogStore
  readonly host: HostStore
  readonly api: ApiStore
  readonly app: AppViewStore
  readonly disk: AskedStore<MethodOutput<'disk.get'>>
  readonly catalogue: AskedStore<MethodOutput<'catalogue.get'>>
  readonly diagnosis: AskedStore<MethodOutput<'shards.diagnose'>>
  readonly fit: AskedStore<MethodOutput<'fit.get'>>
  readonly token: AskedStore<MethodOutput<'token.get'>>
  readonly talk: AskedStore<MethodOutput<'talk.get'>>
  readonly week: AskedStore<MethodOutput<'contribution.get'>>
  readonly identity: AskedStore<MethodOutput<'identity.get'>>
  readonly computer: AskedStore<MethodOutput<'computer.get'>>
  readonly lan: AskedStore<MethodOutput<'lan.find'>>
  readonly timing: TimingStore
  readonly meter: MeterStore
  readonly welcome: WelcomeStore
  dispose: Disposer
}

/** The page's memory: fed by snapshots and events of the bridge alone, and never faster than one frame. */
export function createAppStores(client: BridgeClient, clock: Clock, draftPlace?: DraftPlace): AppStores {
  const frames = createFrames(clock)
  // First of all listeners: what came over the old connection is applied before anyone hears that it is gone.
  const removeListener = client.transport.onConnection(() => frames.flush())
  const node = createNodeStore(client, clock, frames)
  const settings = createSettingsStore(client, clock)
  const stores = {
    node,
    settings,
    draft: createDraftStore(client, settings, draftPlace),
    generation: createGenerationStore(client, frames),
    shards: createShardsStore(client, clock, node),
    diagnostics: createDiagnosticsStore(client),
    log: createLogStore(client, clock, frames),
    host: createHostStore(client, clock, frames),
    api: createApiStore(client, clock),
    app: createAppViewStore(client, clock),
    disk: createAskedStore(client, clock, 'disk.get', {}),
    catalogue: createAskedStore(client, clock, 'catalogue.get', {}),
    diagnosis: createAskedStore(client, clock, 'shards.diagnose', {}),
    fit: createAskedStore(client, clock, 'fit.get', {}),
    token: createAskedStore(client, clock, 'token.get', {}),
    talk: createAskedStore(client, clock, 'talk.get', {}),
    week: createAskedStore(client, clock, 'contribution.get', {}),
    identity: createAskedStore(client, clock, 'identity.get', {}),
    computer: createAskedStore(client, clock, 'computer.get', {}),
    lan: createAskedStore(client, clock, 'lan.find', {}),
    timing: createTimingStore(client),
    meter: createMeterStore(client),
    welcome: createWelcomeStore(),
  }
  return {
    ...stores,
    dispose() {
      removeListener()
      frames.dispose()
      for (const store of Object.values(stores)) store.dispose()
    },
  }
}

/** The forms in which a network keeps its records: hivemind's DHT, or libp2p's Kademlia. */
export type RecordForm = 'hivemind' | 'kademlia'

/** What differs between the networks that a node can join. Data, so that a network is a choice and not a build. */
export interface NetworkProfile {
  readonly name: 'local' | 'espalier' | 'kwaai' | 'petals'
  /** Shown on every screen; null for real networks. */
  readonly watermark: string | null
  /** Confines dialling and listening to 127.0.0.1 and ::1. */
  readonly loopbackOnly: boolean
  readonly kadProtocol: string
  /**
   * Others may route through us. Never under IPFS's own protocol: its public peers, hundreds of them, would fill our
   * tables and connections.
   */
  readonly servesKad: boolean
  /** Peers to join through, where no coordinator names them. */
  readonly bootstraps: readonly string[]
  /** Servers also list themselves under this key, with their peer id as subkey; null where no reader looks there. */
  readonly serversKey: string | null
  /**
   * The entry of a model in `_petals.models` is everybody's: one that is there already and says something else about
   * the model is left as it is, and nothing is announced beside it.
   */
  readonly guardsModelEntry: boolean
  /** All nodes are ours, so what is written under a peer id is taken from that peer alone (hivemind/store-rules.ts). */
  readonly ownsEntries: boolean
  /** Whether KwaaiNet's inference protocol and greeting are served and spoken beside our own. */
  readonly speaksKwaai: boolean
  /** In which forms servers announce themselves; readers use the first. */
  readonly recordForms: readonly [RecordForm, ...RecordForm[]]
  /** At how many of the nearest peers each record is kept; in the hivemind form the bootstraps keep it as well. */
  readonly replicas: Readonly<Record<RecordForm, number>>
  /** A `_petals.models` entry may have no repository. Public maps drop or choke on those. */
  readonly allowsNullRepository: boolean
  /** The network's public map (without `/api/…`); absent where it has none. */
  readonly mapUrl?: string
  readonly timings: ProfileTimings
}

export interface ProfileTimings {
  readonly heartbeatIntervalMs: number
  /** Of the hivemind form. */
  readonly announceIntervalMs: number
  /** How long a record lives. At least three intervals, so that two lost rounds in a row go unnoticed. */
  readonly recordLifetimeMs: number
  readonly kademlia: { readonly announceIntervalMs: number; readonly recordLifetimeMs: number }
  /** How often witnesses are asked while all is well. */
  readonly witnessIntervalMs: number
  /** A verdict younger than this is answered again from memory. */
  readonly witnessCacheMs: number
  /** How often the loaded slice repeats its probe pass. */
  readonly reprobeIntervalMs: number
}

const DEFAULT_TIMINGS: ProfileTimings = {
  heartbeatIntervalMs: 30_000,
  announceIntervalMs: 120_000,
  recordLifetimeMs: 360_000,
  kademlia: { announceIntervalMs: 240_000, recordLifetimeMs: 720_000 },
  witnessIntervalMs: 60_000,
  witnessCacheMs: 60_000,
  reprobeIntervalMs: 60_000,
}

export const IPFS_KAD_PROTOCOL = '/ipfs/kad/1.0.0'

/** hivemind's own number; and in Kademlia a number for networks of our size (host.ts). */
const DEFAULT_REPLICAS = { hivemind: 5, kademlia: 8 } as const

const OWN_NETWORK = {
  servesKad: true,
  bootstraps: [],
  serversKey: null,
  guardsModelEntry: false,
  ownsEntries: true,
  speaksKwaai: false,
} as const

export const PROFILES: Readonly<Record<NetworkProfile['name'], NetworkProfile>> = {
  local: {
    name: 'local',
    watermark: 'DEMO',
    loopbackOnly: true,
    kadProtocol: '/espalier/kad/1.0.0',
    ...OWN_NETWORK,
    recordForms: ['hivemind', 'kademlia'],
    replicas: DEFAULT_REPLICAS,
    allowsNullRepository: true,
    timings: {
      ...DEFAULT_TIMINGS,
      heartbeatIntervalMs: 1_000,
      witnessIntervalMs: 20_000,
      witnessCacheMs: 5_000,
      reprobeIntervalMs: 20_000,
    },
  },
  espalier: {
    name: 'espalier',
    watermark: null,
    loopbackOnly: false,
    kadProtocol: '/espalier/kad/1.0.0',
    ...OWN_NETWORK,
    recordForms: ['hivemind'],
    replicas: DEFAULT_REPLICAS,
    allowsNullRepository: true,
    timings: DEFAULT_TIMINGS,
  },
  kwaai: {
    name: 'kwaai',
    watermark: null,
    loopbackOnly: false,
    kadProtocol: '/kwaai/kad/1.0.0',
    servesKad: true,
    bootstraps: [
      '/dns/bootstrap-1.kwaai.ai/tcp/8000/p2p/QmQhRuheeCLEsVD3RsnknM75gPDDqxAb8DhnWgro7KhaJc',
      '/dns/bootstrap-2.kwaai.ai/tcp/8000/p2p/Qmd3A8N5aQBATe2SYvNikaeCS9CAKN4E86jdCPacZ6RZJY',
    ],
    serversKey: '_kwaai.inference.nodes',
    guardsModelEntry: true,
    ownsEntries: false,
    speaksKwaai: true,
    recordForms: ['hivemind'],
    replicas: DEFAULT_REPLICAS,
    allowsNullRepository: false,
    timings: DEFAULT_TIMINGS,
  },
  petals: {
    name: 'petals',
    watermark: null,
    loopbackOnly: false,
    kadProtocol: IPFS_KAD_PROTOCOL,
    servesKad: false,
    bootstraps: [],
    serversKey: null,
    guardsModelEntry: true,
    ownsEntries: false,
    speaksKwaai: false,
    recordForms: ['hivemind'],
    replicas: DEFAULT_REPLICAS,
    allowsNullRepository: false,
    timings: DEFAULT_TIMINGS,
  },
}

/** How often records of a form are written, and how long they live. */
export function timingsOf(timings: ProfileTimings, form: RecordForm): ProfileTimings['kademlia'] {
  return form === 'kademlia' ? timings.kademlia : timings
}

/** The invariant between the two clocks of announcing; a profile that breaks it would flicker on every map. */
export function keepsRecordsAlive(timings: ProfileTimings): boolean {
  return [timings, timings.kademlia].every((form) => form.recordLifetimeMs >= 3 * form.announceIntervalMs)
}

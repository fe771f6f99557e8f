import * as z from 'zod/mini'
import { LANGUAGE_CHOICES } from './language'

const url = z.string().check(z.maxLength(500))
const path = z.string().check(z.minLength(1), z.maxLength(4096))

const DemoSchema = z.strictObject({ kind: z.literal('demo') })
const CoordinatorSchema = z.strictObject({
  kind: z.literal('coordinator'),
  url,
  /** A person has said outright that http:// to another computer is all right (C-44). */
  insecure: z.optional(z.literal(true)),
})

/** Minutes since midnight, local time; a span may cross midnight. */
const minuteOfDay = z.int().check(z.minimum(0), z.maximum(24 * 60 - 1))

/** Which network this computer gives to. `demo` is a network that exists only on this computer. */
export const NetworkChoiceSchema = z.discriminatedUnion('kind', [DemoSchema, CoordinatorSchema])
export type NetworkChoice = z.infer<typeof NetworkChoiceSchema>

/** A choice, with the invite link that lets this node in; the link is no setting, because onlookers may read those. */
export const NetworkJoinSchema = z.discriminatedUnion('kind', [
  DemoSchema,
  z.extend(CoordinatorSchema, { invite: z.optional(z.string().check(z.maxLength(2_000))) }),
])
export type NetworkJoin = z.infer<typeof NetworkJoinSchema>

const PROXY_RULE = 'http://host:port or https://host:port, without name and password'
const NAME_RULE = 'a name has 1 to 64 characters, and no < or >'

/** In the order in which they are offered. */
export const DEVICES = ['auto', 'cpu', 'cuda', 'vulkan', 'metal'] as const

export const SettingsSchema = z.strictObject({
  /** Null until somebody has chosen: the first run. */
  network: z.nullable(NetworkChoiceSchema),
  publicName: z.string().check(z.maxLength(64, NAME_RULE), z.regex(/^[^\p{C}<>]+$/u, NAME_RULE)),
  /** First port to try for other peers. */
  listenPort: z.int().check(z.minimum(1024), z.maximum(65_535)),
  /** The whole model on this computer, from which slices are made; null uses the bundled sample in a demo, nothing elsewhere. */
  modelPath: z.nullable(path),
  /** llama.cpp's compute threads; null leaves one core free. */
  threads: z.nullable(z.int().check(z.minimum(1), z.maximum(512))),
  /** At most this much memory is offered, in GB; null offers half of what there is. Never more than there is. */
  offeredMemoryGb: z.nullable(z.int().check(z.minimum(1), z.maximum(4_096))),
  /** What shall compute; `auto` takes a graphics card where one works. */
  device: z.enum(DEVICES),
  /** Names of the graphics cards that may be used; null: all. */
  gpuNames: z.nullable(z.array(z.string().check(z.minLength(1), z.maxLength(200))).check(z.maxLength(16))),
  /** At most this much of the cards' memory is used, in GB; null: what is free. */
  gpuMemoryGb: z.nullable(z.int().check(z.minimum(1), z.maximum(4_096))),
  /** How many blocks the host is asked for; null leaves it to the host. */
  requestedBlocks: z.nullable(z.int().check(z.minimum(1), z.maximum(1_000))),
  /** The operator has paused fetching; it stays so over restarts. */
  fetchPaused: z.boolean(),
  /** Most that models may take on the disk, in GB; null: as much as there is. */
  diskCapGb: z.nullable(z.int().check(z.minimum(1), z.maximum(1_000_000))),
  /** Most that is fetched from other computers, in Mbit/s; null: as fast as it goes. */
  downloadMbitPerS: z.nullable(z.int().check(z.minimum(1), z.maximum(1_000_000))),
  /** Whether verified pieces are handed to other nodes. */
  seeds: z.boolean(),
  /** Most that is handed out, in Mbit/s; null: as fast as it goes. */
  uploadMbitPerS: z.nullable(z.int().check(z.minimum(1), z.maximum(1_000_000))),
  contextTokens: z.int().check(z.minimum(64), z.maximum(131_072)),
  maxSequences: z.int().check(z.minimum(1), z.maximum(64)),
  /** Who may ask through the OpenAI-style API, with its key: nobody, programs on this computer, or the local network too. */
  apiAccess: z.enum(['off', 'loopback', 'lan']),
  /** First port to try for it. */
  apiPort: z.int().check(z.minimum(1024), z.maximum(65_000)),
  /** One answer of ours in so many is checked on another node, which can read it then. */
  spotChecks: z.boolean(),
  /** Of http:// or https://, without a password: onlookers may read settings. Null: what the environment says. */
  proxyUrl: z.nullable(z.string().check(z.maxLength(500), z.regex(/^https?:\/\/[^\s/@?#]+\/?$/, PROXY_RULE))),
  /** Certificates (PEM) that are trusted beside the system's. */
  caFile: z.nullable(path),
  /** How long log files are kept, and how large all of them may become. */
  logDays: z.int().check(z.minimum(1), z.maximum(3_650)),
  logMib: z.int().check(z.minimum(1), z.maximum(10_000)),
  /** Whether peers are placed on the map, by a table on this computer. */
  locatesPeers: z.boolean(),
  theme: z.enum(['system', 'light', 'dark']),
  /** What the window, the tray and notifications speak. */
  language: z.enum(LANGUAGE_CHOICES),
  /** Closing the window keeps the node running in the tray, where there is a tray. */
  closeToTray: z.boolean(),
  /** Whether somebody has been told once that a closed window leaves the node running. */
  trayNoticeSeen: z.boolean(),
  /** Whether the node was running when the app last ended; the next start does the same. */
  startsRunning: z.boolean(),
  /** The wish; whether the system does it stands in the app's view. */
  startsAtLogin: z.boolean(),
  /** Approved, rejected, stuck, a new version: nothing else. */
  notifications: z.boolean(),
  pauseOnBattery: z.boolean(),
  pauseOnMetered: z.boolean(),
  pauseInFullScreen: z.boolean(),
  pauseWhenActive: z.boolean(),
  /** Every day in between, the node rests and no notification comes; null: never. */
  quietHours: z.nullable(z.strictObject({ fromMinute: minuteOfDay, toMinute: minuteOfDay })),
})
export type Settings = z.infer<typeof SettingsSchema>

export const DEFAULT_SETTINGS: Omit<Settings, 'publicName'> = {
  network: null,
  listenPort: 31_338,
  modelPath: null,
  threads: null,
  offeredMemoryGb: null,
  device: 'auto',
  gpuNames: null,
  gpuMemoryGb: null,
  requestedBlocks: null,
  fetchPaused: false,
  diskCapGb: null,
  downloadMbitPerS: null,
  seeds: true,
  uploadMbitPerS: null,
  contextTokens: 512,
  maxSequences: 4,
  apiAccess: 'loopback',
  apiPort: 31_400,
  spotChecks: false,
  proxyUrl: null,
  caFile: null,
  logDays: 30,
  logMib: 50,
  locatesPeers: true,
  theme: 'system',
  language: 'system',
  closeToTray: true,
  trayNoticeSeen: false,
  startsRunning: false,
  startsAtLogin: false,
  notifications: true,
  pauseOnBattery: false,
  pauseOnMetered: false,
  pauseInFullScreen: false,
  pauseWhenActive: false,
  quietHours: null,
}

import type { AppView } from '../../src-shared/app-view'
import type { ApiView, LogLine } from '../../src-shared/app-views'
import type { Clock, Disposer } from '../../src-shared/clock'
import type { EventPayload, MethodHandlers } from '../../src-shared/contract'
import type { ErrorReport } from '../../src-shared/errors'
import type { HostStatus } from '../../src-shared/host-network'
import type { MeterEvent } from '../../src-shared/meter'
import type { Settings } from '../../src-shared/settings'
import type { NodeStatus } from '../../src-shared/status'
import type { AppPaths } from '../app-paths'
import type { DeviceProbe } from '../engine/detect-devices'
import type { EngineProcess } from '../engine/engine'
import type { NetworkProfile } from '../network/profiles'
import type { NodeRooms } from '../node/rooms'
import type { ChildOptions, OwnedChild } from '../process/owned-child'
import type { DataDirectory } from '../storage/data-directory'
import type { EventLog } from '../storage/event-log'
import type { SecretCipher } from '../storage/secret-store'
import type { DesktopServices } from './desktop-services'

/** Runs one of our own scripts (coordinator, CLI) as a child process; a desktop shell has its own way. */
export type StartScript = (options: ChildOptions) => OwnedChild

/**
 * What the command line says. Nothing of it is written down; it holds until somebody changes the same setting.
 * `listenPort` 0 leaves the port to the OS. `profile` is taken as it is; without it the network decides.
 */
export interface AppOverrides extends Partial<Settings> {
  profile?: NetworkProfile
  /** The signed part of an invite to the network that is named here too. */
  invite?: string
  /** Multiaddrs beside those that the coordinator names. */
  bootstraps?: readonly string[]
  /** Multiaddrs of the operator's other nodes, which keep one log with this one. */
  ownNodes?: readonly string[]
}

export interface AppOptions {
  clock: Clock
  log: EventLog
  data: DataDirectory
  paths: AppPaths
  spawnEngine: () => EngineProcess
  startScript?: StartScript
  overrides?: AppOverrides
  fetch?: typeof fetch
  /** Of a network that is hosted here; 0 takes free ones. */
  hostPorts?: { http: number; dht: number }
  /** Where all programs of this user keep what they share: the lock of the one node, and how often it announced. */
  userRoot?: string
  /** One of several nodes that this user runs on purpose: none of them is the only one. */
  isFleet?: boolean
  /** The system's own store of secrets, where the host has one. */
  secretCipher?: SecretCipher | null
  /** Absent in a headless host. */
  desktop?: DesktopServices
  /** For tests: how devices are looked for. */
  devices?: Partial<DeviceProbe>
  /** For tests of faults. */
  rooms?: Partial<NodeRooms>
}

/** Settings, the current node, and everything that a page may ask of them; every host (CLI, desktop) has one. */
export interface App {
  readonly handlers: MethodHandlers
  status(): NodeStatus
  /** Address and key of the API for programs. */
  api(): ApiView
  /** As they are in force: with what the command line says. */
  settings(): Settings
  /** About the app itself: what it runs in, what it can reach, what waits for its owner. */
  view(): AppView
  /** An invite that was opened as a link; it waits for a person. Throws INVITE_INVALID and INVITE_EXPIRED. */
  offerInvite(link: string): void
  onStatus(listener: (status: NodeStatus) => void): Disposer
  onSettings(listener: (settings: Settings) => void): Disposer
  onView(listener: (view: AppView) => void): Disposer
  /** New events, at most ten batches a second, each small enough for one message. */
  onLog(listener: (lines: LogLine[]) => void): Disposer
  onToken(listener: (payload: EventPayload<'generate.token'>) => void): Disposer
  onRoute(listener: (payload: EventPayload<'generate.route'>) => void): Disposer
  onEnd(listener: (payload: EventPayload<'generate.end'>) => void): Disposer
  onHost(listener: (status: HostStatus) => void): Disposer
  onMeter(listener: (event: MeterEvent) => void): Disposer
  /** Starts the node in the chosen network; does nothing when none is chosen. Resolves when it listens. */
  start(): Promise<void>
  /** Hosts the network again that was hosted when the app was left. Never rejects: why it failed is in the host's status. */
  resumeHosting(): Promise<void>
  /** Safe mode: the node is not started by itself, and its status says why, until somebody starts it. */
  holdBack(report: ErrorReport): void
  /** The computer is about to sleep: the node says that it is away for now. Never rejects. */
  sleep(): Promise<void>
  /** And that it is back. */
  wake(): void
  /** The node takes leave and stops; a demo network goes on without it. */
  stop(): Promise<void>
  /** Ends everything: generations, node, demo network. The settings stay as they are. */
  dispose(): Promise<void>
}

import type { UpdateView } from '../../src-shared/app-view'
import type { Check } from '../../src-shared/app-views'
import type { Clock } from '../../src-shared/clock'
import { ERROR_CATALOGUE, type ErrorCode } from '../../src-shared/error-catalogue'
import { type ErrorReport, EspalierError } from '../../src-shared/errors'
import type { Settings } from '../../src-shared/settings'
import type { NodeStatus } from '../../src-shared/status'
import type { EngineProcess } from '../engine/engine'
import type { RunningNode } from '../node/node'
import type { DataDirectory } from '../storage/data-directory'
import type { SeenProcess } from './machine/processes'
import type { StartEntry } from './machine/start-entries'

/** What the checks may look at. Without a node they look at what a node would meet. */
export interface DiagnosticsContext {
  clock: Clock
  fetch: typeof fetch
  data: DataDirectory
  spawnEngine: () => EngineProcess
  /** 0 leaves the choice to the OS. */
  listenPort: number
  coordinatorUrl: string | null
  /** Multiaddrs beside those that the coordinator names. */
  bootstraps: readonly string[]
  /** Null when there is no node. */
  status: NodeStatus | null
  running: RunningNode | null
  modelPath: string | null
  manifestPath: string | null
  /** What its owner chose; false where nobody was asked. */
  startsAtLogin?: boolean
  /** Absent where nothing looks for updates. */
  update?: UpdateView
  /** Present where the app may set right what a check found. */
  saveSettings?: (change: Partial<Settings>) => Promise<unknown>
  /** For tests: what runs here, and what the system starts. */
  listProcesses?: () => Promise<SeenProcess[]>
  findStartEntries?: () => Promise<StartEntry[]>
}

export type Finding = Pick<Check, 'verdict' | 'evidence' | 'action' | 'code' | 'fix' | 'command'>

export interface CheckDefinition {
  id: string
  title: string
  /** Left out of the list when it says no. */
  applies?: (context: DiagnosticsContext) => boolean
  /**
   * Looks now. What it throws is a failed check; when `signal` aborts, its time is over and nobody waits any more.
   */
  look(context: DiagnosticsContext, signal: AbortSignal): Promise<Finding>
  /** Sets right what `look` found with `fix: 'mend'`; throws what keeps it from doing so. */
  mend?(context: DiagnosticsContext): Promise<void>
}

export function pass(evidence: string): Finding {
  return { verdict: 'pass', evidence, action: null, code: null }
}

/** It could not be looked at, for this reason. */
export function unknown(why: string): Finding {
  return { verdict: 'unknown', evidence: why, action: null, code: null }
}

export function warn(code: ErrorCode, evidence: string): Finding {
  return { verdict: 'warn', evidence, action: ERROR_CATALOGUE[code].action, code }
}

export function fail(code: ErrorCode, detail: string): Finding {
  return failedBy(new EspalierError(code, detail).report())
}

/** `1 node`, `3 nodes`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

export function failedBy({ code, cause, action }: ErrorReport): Finding {
  return { verdict: 'fail', evidence: cause, action, code }
}

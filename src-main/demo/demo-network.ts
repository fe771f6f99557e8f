import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import type { Clock, Disposer } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { type NodeStatus, NodeStatusSchema } from '../../src-shared/status'
import type { AppPaths } from '../app-paths'
import type { MonitorState } from '../observe/monitor-state'
import { type DemoProcess, startDemoProcess } from './demo-process'

export const NODE_NAMES = ['first-pear', 'second-quince', 'third-fig'] as const

export interface DemoNode {
  readonly name: string
  readonly process: DemoProcess
  /** Link to its page, with the operator's token. */
  ui: string
  status: NodeStatus | null
}

export interface DemoNetwork {
  readonly coordinatorUrl: string
  readonly bootstrapPeers: string[]
  readonly nodes: DemoNode[]
  /** Approves waiting workers over the coordinator's HTTP endpoint, as a dashboard does, until the demo ends. */
  startObserver(): DemoProcess
  stop(): Promise<void>
}

const ReadySchema = z.object({ type: z.literal('ready'), url: z.string(), bootstrapPeers: z.array(z.string()) })
const UiSchema = z.object({ type: z.literal('ready'), ui: z.string() })
const StatusMessageSchema = z.object({ type: z.literal('status'), status: NodeStatusSchema })
const WorkersSchema = z.union([
  z.array(z.object({ worker_id: z.string(), nickname: z.string(), status: z.string() })),
  z.object({ workers: z.array(z.object({ worker_id: z.string(), nickname: z.string(), status: z.string() })) }),
])

const START_TIMEOUT_MS = 60_000
const APPROVE_INTERVAL_MS = 300
/** The demo is told apart from real networks by its own words, too. */
const APPROVAL_REASON = 'Welcome to the demonstration'

/** Starts a coordinator and three nodes, each in a process and a directory of its own, all on loopback. */
export async function startDemoNetwork(options: {
  paths: AppPaths
  clock: Clock
  signal: AbortSignal
  onStatus(node: DemoNode): void
}): Promise<DemoNetwork> {
  const { paths, clock, signal } = options
  const directory = await mkdtemp(join(tmpdir(), 'espalier-demo-'))
  const adminToken = randomBytes(24).toString('base64url')
  const processes: DemoProcess[] = []
  const start = (name: string, script: string, args: string[], env: Record<string, string> = {}) => {
    const started = startDemoProcess({ name, script, args, env, cwd: directory })
    processes.push(started)
    return started
  }
  const startSignal = AbortSignal.any([signal, AbortSignal.timeout(START_TIMEOUT_MS)])
  let stopApproving: Disposer = () => undefined
  const stop = async () => {
    stopApproving()
    // Nodes first: they take leave of a coordinator that is still there.
    await Promise.all(processes.slice(1).map((process) => process.stop()))
    await processes[0]?.stop()
    await rm(directory, { recursive: true, force: true })
  }
  try {
    const coordinator = start(
      'the coordinator',
      paths.coordinator,
      [
        '--demo',
        '--json',
        '--port',
        '0',
        '--dht-port',
        '0',
        '--data-dir',
        join(directory, 'coordinator'),
        '--manifest',
        paths.sampleManifest,
      ],
      { ESPALIER_ADMIN_TOKEN: adminToken },
    )
    const { url, bootstrapPeers } = await coordinator.next(
      (message) => ReadySchema.safeParse(message).data,
      startSignal,
    )
    const nodes: DemoNode[] = []
    for (const name of NODE_NAMES) {
      const dataDir = join(directory, name)
      await mkdir(dataDir)
      const process = start(`node ${name}`, paths.cli, [
        'serve',
        '--json',
        '--profile',
        'local',
        '--data-dir',
        dataDir,
        '--coordinator',
        url,
        '--model-file',
        paths.sampleModel,
        '--name',
        name,
        '--port',
        '0',
        '--threads',
        '1',
      ])
      const node: DemoNode = { name, process, ui: '', status: null }
      process.onMessage((message) => {
        const parsed = StatusMessageSchema.safeParse(message)
        if (!parsed.success) return
        node.status = parsed.data.status
        options.onStatus(node)
      })
      nodes.push(node)
      node.ui = (await process.next((message) => UiSchema.safeParse(message).data, startSignal)).ui
    }
    stopApproving = approveWaiting({ url, adminToken, clock, names: NODE_NAMES })
    return {
      coordinatorUrl: url,
      bootstrapPeers,
      nodes,
      startObserver: () =>
        start('the observer', paths.cli, [
          'observe',
          '--json',
          '--profile',
          'local',
          '--interval',
          '1',
          '--bootstrap',
          ...bootstrapPeers,
        ]),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Waits until all have asked, then approves them in order, so that the first node gets the first blocks. */
function approveWaiting(options: {
  url: string
  adminToken: string
  clock: Clock
  names: readonly string[]
}): () => void {
  const { url, adminToken, clock, names } = options
  let stopped = false
  const round = async () => {
    const reply = await fetch(`${url}/workers`)
    const parsed = WorkersSchema.parse(await reply.json())
    const waiting = (Array.isArray(parsed) ? parsed : parsed.workers).filter(({ status }) => status === 'pending')
    if (waiting.length < names.length) return
    for (const name of names) {
      const worker = waiting.find(({ nickname }) => nickname === name)
      if (!worker) continue
      await fetch(`${url}/workers/${worker.worker_id}/approve`, {
        method: 'POST',
        headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ reason: APPROVAL_REASON }),
      })
    }
    stopped = true
  }
  const loop = async () => {
    while (!stopped) {
      // The coordinator may be busy; the next round asks again, and the demo's own time-out says when it never does.
      await round().catch(() => undefined)
      await clock.sleep(APPROVE_INTERVAL_MS)
    }
  }
  void loop()
  return () => {
    stopped = true
  }
}

export interface ObserverReport {
  rows: MonitorState['model_reports'][number]['server_rows']
  readBack: number
}

const RowsSchema = z.object({
  recordsRead: z.number(),
  state: z.looseObject({
    model_reports: z.array(
      z.looseObject({ server_rows: z.array(z.looseObject({ peer_id: z.string(), state: z.string() })) }),
    ),
  }),
})

/** The observer's first look that shows exactly these peers, all online. */
export async function waitForRows(
  observer: DemoProcess,
  peerIds: readonly string[],
  signal: AbortSignal,
): Promise<ObserverReport> {
  let last = 'it saw nothing'
  try {
    return await observer.next((message) => {
      const parsed = RowsSchema.safeParse(message)
      if (!parsed.success) return undefined
      const rows = parsed.data.state.model_reports.flatMap(({ server_rows }) => server_rows)
      last = rows.map(({ peer_id, state }) => `${peer_id} ${state}`).join(', ')
      const all = peerIds.every((peer) => rows.some(({ peer_id, state }) => peer_id === peer && state === 'online'))
      return all ? { rows: rows as unknown as ObserverReport['rows'], readBack: parsed.data.recordsRead } : undefined
    }, signal)
  } catch (error) {
    throw new EspalierError('DEMO_FAILED', `observe: ${last}`, { cause: error })
  }
}

import { randomBytes } from 'node:crypto'
import * as z from 'zod'
import type { Clock, Disposer } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { type NodeStatus, NodeStatusSchema } from '../../src-shared/status'
import type { AppPaths } from '../app-paths'
import type { RecordForm } from '../network/profiles'
import type { MonitorState } from '../observe/monitor-state'
import { startDemoHost } from './demo-host'
import { openDemoParts } from './demo-parts'
import type { DemoProcess } from './demo-process'

export const NODE_NAMES = ['first-pear', 'second-quince', 'third-fig'] as const

export interface DemoNode {
  readonly name: string
  process: DemoProcess
  /** Link to its page, with the operator's token. */
  ui: string
  status: NodeStatus | null
}

export interface DemoNetwork {
  readonly coordinatorUrl: string
  readonly coordinator: DemoProcess
  readonly bootstrapPeers: string[]
  readonly nodes: DemoNode[]
  /** Starts the process of a node anew, on the data that it has: the network knows it again. */
  restart(node: DemoNode): Promise<void>
  /** @param dhtPrefix the model to look for, in the form that has no index of models */
  startObserver(form: RecordForm, dhtPrefix: string): DemoProcess
  stop(): Promise<void>
}

const UiSchema = z.object({ type: z.literal('ready'), ui: z.string() })
const StatusMessageSchema = z.object({ type: z.literal('status'), status: NodeStatusSchema })

const START_TIMEOUT_MS = 60_000

/** Starts a coordinator and three nodes, each in a process and a directory of its own, all on loopback. */
export async function startDemoNetwork(options: {
  paths: AppPaths
  clock: Clock
  signal: AbortSignal
  onStatus(node: DemoNode): void
}): Promise<DemoNetwork> {
  const { paths, clock, signal } = options
  const adminToken = randomBytes(24).toString('base64url')
  const startSignal = AbortSignal.any([signal, AbortSignal.timeout(START_TIMEOUT_MS)])
  const parts = await openDemoParts({ paths })
  let stopHost: Disposer = () => undefined
  const stop = async () => {
    stopHost()
    await parts.stop()
  }
  try {
    const { url, bootstrapPeers, process: coordinator } = await parts.startCoordinator(adminToken, startSignal)
    const follow = async (node: DemoNode, until: AbortSignal) => {
      node.process.onMessage((message) => {
        const parsed = StatusMessageSchema.safeParse(message)
        if (!parsed.success) return
        node.status = parsed.data.status
        options.onStatus(node)
      })
      node.ui = (await node.process.next((message) => UiSchema.safeParse(message).data, until)).ui
    }
    const nodes: DemoNode[] = []
    for (const name of NODE_NAMES) {
      const node: DemoNode = { name, process: await parts.startNode(name, url), ui: '', status: null }
      nodes.push(node)
      await follow(node, startSignal)
    }
    // Approves over the coordinator's HTTP endpoint, as a dashboard does, until the demo ends.
    stopHost = startDemoHost({
      url,
      adminToken,
      clock,
      // All at once and in order, so that the first node gets the first blocks.
      choose: (waiting) =>
        waiting.length < NODE_NAMES.length
          ? []
          : NODE_NAMES.flatMap((name) => waiting.filter(({ nickname }) => nickname === name)),
    })
    return {
      coordinatorUrl: url,
      coordinator,
      bootstrapPeers,
      nodes,
      async restart(node) {
        node.process = await parts.startNode(node.name, url)
        await follow(node, AbortSignal.any([signal, AbortSignal.timeout(START_TIMEOUT_MS)]))
      },
      startObserver: (form, dhtPrefix) =>
        parts.start('the observer', paths.cli, [
          'observe',
          '--json',
          '--profile',
          'local',
          '--interval',
          '1',
          '--form',
          form,
          '--track',
          dhtPrefix,
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

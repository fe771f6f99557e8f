import { randomBytes } from 'node:crypto'
import * as z from 'zod'
import { appPaths } from '../../src-main/app-paths'
import { startDemoHost } from '../../src-main/demo/demo-host'
import { openDemoParts } from '../../src-main/demo/demo-parts'
import type { DemoProcess } from '../../src-main/demo/demo-process'
import { systemClock } from '../../src-shared/clock'
import { type NodeStatus, NodeStatusSchema } from '../../src-shared/status'
import { type Row, rowOf, type Say } from '../report'
import { detailOf, medianShares } from './shares'

const NODES = 8
/** The runbook's own timeline: 15 s from the start of a node to a ready swarm when all files are local. */
const RUNBOOK_S = 15
const GIVE_UP_MS = 180_000

const StatusSchema = z.object({ type: z.literal('status'), status: NodeStatusSchema })

/**
 * Eight headless nodes with empty directories and the sample model on disk, started together: the time until every one
 * of them says that every shard is loaded, as it verified itself. The coordinator runs before; its host approves as
 * soon as all have asked.
 */
export async function measureSwarmReady({ say }: { say: Say }): Promise<Row[]> {
  const paths = appPaths()
  const signal = AbortSignal.timeout(GIVE_UP_MS)
  const parts = await openDemoParts({ paths })
  const adminToken = randomBytes(24).toString('base64url')
  let stopHost: () => void = () => undefined
  const atExit = () => stopHost()
  process.once('exit', atExit)
  try {
    const { url } = await parts.startCoordinator(adminToken, signal, ['--target-workers', `${NODES}`])
    stopHost = startDemoHost({ url, adminToken, clock: systemClock, choose: (waiting) => [...waiting] })
    say(`the coordinator is there; ${NODES} nodes start`)
    const startedMs = performance.now()
    const processes = await Promise.all(
      Array.from({ length: NODES }, (_, index) => parts.startNode(`node-${index}`, url)),
    )
    const statuses = await Promise.all(processes.map((node) => whenReady(node, signal)))
    const ours = (Math.max(...statuses.map(({ atMs }) => atMs)) - startedMs) / 1000
    const shares = medianShares(statuses.map(({ status }) => status))
    say(`ready after ${ours.toFixed(1)} s`)
    const row = {
      name: 'ready-s',
      ours,
      reference: RUNBOOK_S,
      referenceIs: 'the runbook’s timeline with all files local',
      unit: 's',
      better: 'lower' as const,
      target: 1,
      detail: detailOf(shares, ours),
    }
    return [
      rowOf(
        row,
        statuses.every(({ status }) => status.readiness?.shards.length === NODES),
      ),
    ]
  } finally {
    process.off('exit', atExit)
    stopHost()
    await parts.stop()
  }
}

async function whenReady(node: DemoProcess, signal: AbortSignal): Promise<{ status: NodeStatus; atMs: number }> {
  const status = await node.next((message) => {
    const parsed = StatusSchema.safeParse(message)
    return parsed.success && parsed.data.status.readiness?.isReady ? parsed.data.status : undefined
  }, signal)
  return { status, atMs: performance.now() }
}

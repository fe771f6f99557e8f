import type { Clock, Disposer } from '../../src-shared/clock'
import type { Readiness } from '../../src-shared/readiness'
import { chooseBlocker } from '../diagnostics/blockers'
import { timelineOf } from '../diagnostics/timeline'
import type { NodeConfig } from './config'
import type { NodeFacts } from './facts'
import type { Steps } from './steps'
import type { Swarm } from './swarm'

const LOOK_MS = 1_000

/** Folds what the swarm looks like from here, what is in the way, and when what came, into `facts.readiness`. */
export function foldReadiness(options: {
  swarm: Swarm
  steps: Steps
  facts: NodeFacts
  config: Pick<NodeConfig, 'coordinatorUrl'>
  clock: Clock
  onChange: () => void
}): { refresh(): void; stop: Disposer } {
  const { swarm, steps, facts, config, clock } = options
  let discoveredAt: number | null = null
  let readyAt: number | null = null
  let last = ''

  function refresh(): void {
    const now = clock.now()
    const verdict = swarm.verdict()
    if (verdict && verdict.discovered === verdict.shards.length) discoveredAt ??= now
    if (verdict?.isReady) readyAt ??= now
    const all = steps.all()
    const blocker = chooseBlocker({
      status: {
        phase: 'running',
        steps: all,
        peerId: facts.peerId,
        coordinatorUrl: config.coordinatorUrl,
        loadLevel: facts.loadLevel,
      },
      hasNetwork: true,
      verdict,
      history: swarm.history(),
      crossViews: swarm.crossViews(),
      links: swarm.links(),
      now,
    })
    const timeline = timelineOf({
      startedAt: facts.upSince ?? now,
      steps: all,
      discoveredAt,
      readyAt,
      fetchEtaMs: facts.fetch?.etaMs ?? null,
      approvedAt: approvedAt(),
      now,
    })
    const readiness: Readiness = {
      isReady: verdict?.isReady ?? false,
      discovered: verdict?.discovered ?? 0,
      shards: verdict?.shards ?? [],
      reasons: verdict?.reasons ?? [],
      blocker,
      timeline,
      talks: swarm.talks(),
    }
    // Ages are for those who look; only what changed in kind is news.
    const key = JSON.stringify({
      ...readiness,
      shards: readiness.shards.map((shard) => ({ ...shard, seenAt: null })),
      talks: readiness.talks?.map(({ command, ...talk }) => ({ ...talk, failure: command?.failure?.code })),
    })
    facts.readiness = readiness
    if (key === last) return
    last = key
    options.onChange()
  }

  function approvedAt(): number | null {
    const approve = steps.get('approve')
    return approve?.state === 'done' ? (approve.endedAt ?? null) : null
  }

  const stopTimer = clock.every(LOOK_MS, refresh)
  return { refresh, stop: stopTimer }
}

import { setTimeout as wait } from 'node:timers/promises'
import { type Row, rowOf, type Say } from '../report'
import { type StartedHost, startBare, startOurs } from './hosts'
import { usageOf } from './process-usage'
import { bareApp, findDesktop, openWindow, ourApp } from './window-time'

/** Until start-up, its garbage and its compilation are over. */
const SETTLE_MS = 5_000

interface Pair {
  /** Rows are `idle-cpu-percent` and `idle-memory-mb` with this before it. */
  prefix: string
  ours(): Promise<StartedHost>
  reference(): Promise<StartedHost>
  referenceIs: string
  conditions: string
}

/** What it costs to be there and do nothing: without a window, and with one. */
export async function measureIdle(seconds: number, say: Say): Promise<Row[]> {
  const headless = await idleCost(seconds, say, {
    prefix: '',
    ours: startOurs,
    reference: startBare,
    referenceIs: 'a Node process that listens and wakes once a second',
    conditions: 'no page open, no coordinator',
  })
  const desktop = findDesktop()
  if (!desktop) return headless
  const runtime = desktop.isShim ? 'stand-in for Electron' : 'Electron'
  const windowed = await idleCost(seconds, say, {
    prefix: 'window-',
    ours: () => openWindow(desktop, ourApp()),
    reference: () => openWindow(desktop, bareApp()),
    referenceIs: `an app with one window and one button, on the same ${runtime}`,
    conditions: `one window on its first page, no network chosen; the ${runtime}'s own processes are in both figures`,
  })
  return [...headless, ...windowed]
}

/** Both idle at the same time, so that the machine treats them alike. */
async function idleCost(seconds: number, say: Say, pair: Pair): Promise<Row[]> {
  const hosts: StartedHost[] = []
  try {
    for (const start of [pair.ours, pair.reference]) hosts.push(await start())
    const [ours, reference] = hosts
    if (!ours || !reference) return []
    say(`${pair.prefix}idle for ${seconds} s`)
    await wait(SETTLE_MS)
    const before = [await usageOf(ours.pid), await usageOf(reference.pid)] as const
    const startedAt = performance.now()
    await wait(seconds * 1000)
    const tookMs = performance.now() - startedAt
    const after = [await usageOf(ours.pid), await usageOf(reference.pid)] as const
    if (!before[0] || !before[1] || !after[0] || !after[1]) {
      say('idle cost is measured on Linux only')
      return []
    }
    const when = `${seconds} s after ${SETTLE_MS / 1000} s of rest, both at once, children included; ${pair.conditions}`
    const share = (from: { busyMs: number }, to: { busyMs: number }) => (100 * (to.busyMs - from.busyMs)) / tookMs
    const common = { referenceIs: pair.referenceIs, better: 'lower', target: null } as const
    return [
      rowOf(
        {
          ...common,
          name: `${pair.prefix}idle-cpu-percent`,
          ours: share(before[0], after[0]),
          reference: share(before[1], after[1]),
          unit: '% of a core',
          detail: when,
        },
        after[1].busyMs > before[1].busyMs,
      ),
      rowOf(
        {
          ...common,
          name: `${pair.prefix}idle-memory-mb`,
          ours: after[0].residentBytes / 1e6,
          reference: after[1].residentBytes / 1e6,
          unit: 'MB',
          detail: `resident at the end of ${when}; at their beginning ours ${(before[0].residentBytes / 1e6).toFixed(0)} MB; memory that processes share counts in each`,
        },
        after[1].residentBytes > 0,
      ),
    ]
  } finally {
    await Promise.all(hosts.map((host) => host.stop()))
  }
}

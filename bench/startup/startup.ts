import { setTimeout as wait } from 'node:timers/promises'
import { appPaths } from '../../src-main/app-paths'
import { type Row, rowOf, type Say } from '../report'
import { median, spread } from '../statistics'
import { measureBundle } from './bundle-size'
import { type StartedHost, startBare, startOurs } from './hosts'
import { usageOf } from './process-usage'
import { bareApp, findDesktop, ourApp, windowInteractiveMs } from './window-time'

export interface StartupOptions {
  quick: boolean
  repetitions?: number
  idleSeconds?: number
  say: Say
}

const REPETITIONS = { quick: 3, full: 9 }
const IDLE_SECONDS = { quick: 10, full: 60 }
/** Until start-up, its garbage and its compilation are over. */
const SETTLE_MS = 5_000
const BUNDLE_LIMIT_KB = 250

/** What it takes until the app is there, and what it costs to be there. Below a minute with `quick`, some three without. */
export async function measureStartup({ quick, repetitions, idleSeconds, say }: StartupOptions): Promise<Row[]> {
  const size = quick ? 'quick' : 'full'
  return [
    await headlessReady(repetitions ?? REPETITIONS[size], say),
    ...(await windowInteractive(repetitions ?? REPETITIONS[size], say)),
    await bundle(),
    ...(await idleCost(idleSeconds ?? IDLE_SECONDS[size], say)),
  ]
}

async function headlessReady(repetitions: number, say: Say): Promise<Row> {
  const ours: number[] = []
  const bare: number[] = []
  // The first pair fills the caches of the system and is not counted.
  for (let round = 0; round <= repetitions; round++) {
    say(`start ${round} of ${repetitions}`)
    const pair = [await readyMsOf(startOurs), await readyMsOf(startBare)] as const
    if (round === 0) continue
    ours.push(pair[0])
    bare.push(pair[1])
  }
  return rowOf(
    {
      name: 'headless-ready-ms',
      ours: median(ours),
      reference: median(bare),
      referenceIs: 'a Node process that listens and says so',
      unit: 'ms',
      better: 'lower',
      target: null,
      detail: `ours ${spread(ours, 0)}, reference ${spread(bare, 0)}; ${repetitions} interleaved starts each, from making the process to its ready line; empty data directory, no coordinator`,
    },
    true,
  )
}

async function windowInteractive(repetitions: number, say: Say): Promise<Row[]> {
  const desktop = findDesktop()
  if (!desktop) {
    say('no Electron, and no stand-in for one: the window is not measured')
    return []
  }
  const ours: number[] = []
  const bare: number[] = []
  for (let round = 0; round <= repetitions; round++) {
    say(`window ${round} of ${repetitions}`)
    const pair = [await windowInteractiveMs(desktop, ourApp()), await windowInteractiveMs(desktop, bareApp())] as const
    if (round === 0) continue
    ours.push(pair[0])
    bare.push(pair[1])
  }
  const row = {
    name: 'window-interactive-ms',
    ours: median(ours),
    reference: median(bare),
    referenceIs: `an app with one window and one button, on the same ${desktop.isShim ? 'stand-in for Electron' : 'Electron'}`,
    unit: 'ms',
    better: 'lower',
    target: null,
    detail: `ours ${spread(ours, 0)}, reference ${spread(bare, 0)}; ${repetitions} interleaved starts each, until a button can be pressed; ${desktop.isShim ? 'Node and Chromium in place of Electron: only the difference to the reference means something' : 'a real Electron'}`,
  } as const
  return [rowOf(row, true)]
}

async function readyMsOf(start: () => Promise<StartedHost>): Promise<number> {
  const host = await start()
  await host.stop()
  return host.readyMs
}

async function bundle(): Promise<Row> {
  const assets = await measureBundle(appPaths().renderer)
  const total = (of: (asset: (typeof assets)[number]) => number) => assets.reduce((sum, asset) => sum + of(asset), 0)
  const parts = assets.map(({ path, gzippedBytes }) => `${path} ${kB(gzippedBytes)}`)
  return rowOf(
    {
      name: 'bundle-kb',
      ours: total(({ gzippedBytes }) => gzippedBytes) / 1000,
      reference: BUNDLE_LIMIT_KB,
      referenceIs: 'the limit',
      unit: 'kB gzipped',
      better: 'lower',
      target: 1,
      detail: `what index.html loads at once: ${parts.join(', ')}; ${kB(total(({ bytes }) => bytes))} uncompressed`,
    },
    assets.some(({ path }) => path.endsWith('.js')) && assets.some(({ path }) => path.endsWith('.css')),
  )
}

/** Both processes idle at the same time, so that the machine treats them alike. */
async function idleCost(seconds: number, say: Say): Promise<Row[]> {
  const hosts: StartedHost[] = []
  try {
    for (const start of [startOurs, startBare]) hosts.push(await start())
    const [ours, bare] = hosts
    if (!ours || !bare) return []
    say(`idle for ${seconds} s`)
    await wait(SETTLE_MS)
    const before = [await usageOf(ours.pid), await usageOf(bare.pid)] as const
    const startedAt = performance.now()
    await wait(seconds * 1000)
    const tookMs = performance.now() - startedAt
    const after = [await usageOf(ours.pid), await usageOf(bare.pid)] as const
    if (!before[0] || !before[1] || !after[0] || !after[1]) {
      say('idle cost is measured on Linux only')
      return []
    }
    const conditions = `${seconds} s after ${SETTLE_MS / 1000} s of rest, both at once, children included; no page open, no coordinator`
    const referenceIs = 'a Node process that listens and wakes once a second'
    const share = (from: { busyMs: number }, to: { busyMs: number }) => (100 * (to.busyMs - from.busyMs)) / tookMs
    const common = { referenceIs, better: 'lower', target: null } as const
    return [
      rowOf(
        {
          ...common,
          name: 'idle-cpu-percent',
          ours: share(before[0], after[0]),
          reference: share(before[1], after[1]),
          unit: '% of a core',
          detail: conditions,
        },
        after[1].busyMs > before[1].busyMs,
      ),
      rowOf(
        {
          ...common,
          name: 'idle-memory-mb',
          ours: after[0].residentBytes / 1e6,
          reference: after[1].residentBytes / 1e6,
          unit: 'MB',
          detail: `resident at the end of ${conditions}; at their beginning ours ${(before[0].residentBytes / 1e6).toFixed(0)} MB`,
        },
        after[1].residentBytes > 0,
      ),
    ]
  } finally {
    await Promise.all(hosts.map((host) => host.stop()))
  }
}

function kB(bytes: number): string {
  return `${(bytes / 1000).toFixed(0)} kB`
}

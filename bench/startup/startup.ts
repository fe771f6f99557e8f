import { appPaths } from '../../src-main/app-paths'
import { type Row, rowOf, type Say } from '../report'
import { median, spread } from '../statistics'
import { measureBundle } from './bundle-size'
import { type StartedHost, startBare, startOurs } from './hosts'
import { measureIdle } from './idle-cost'
import { bareApp, findDesktop, openWindow, ourApp } from './window-time'

export interface StartupOptions {
  quick: boolean
  repetitions?: number
  idleSeconds?: number
  say: Say
}

const REPETITIONS = { quick: 3, full: 9 }
const IDLE_SECONDS = { quick: 10, full: 60 }
const BUNDLE_LIMIT_KB = 250

/** What it takes until the app is there, and what it costs to be there. About a minute with `quick`, some five without. */
export async function measureStartup({ quick, repetitions, idleSeconds, say }: StartupOptions): Promise<Row[]> {
  const size = quick ? 'quick' : 'full'
  return [
    await headlessReady(repetitions ?? REPETITIONS[size], say),
    ...(await windowInteractive(repetitions ?? REPETITIONS[size], say)),
    await bundleRow(),
    ...(await measureIdle(idleSeconds ?? IDLE_SECONDS[size], say)),
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
    const pair = [
      await readyMsOf(() => openWindow(desktop, ourApp())),
      await readyMsOf(() => openWindow(desktop, bareApp())),
    ] as const
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

/** Size of the page's first load, beside its limit. */
export async function bundleRow(): Promise<Row> {
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

function kB(bytes: number): string {
  return `${(bytes / 1000).toFixed(0)} kB`
}

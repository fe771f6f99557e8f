import { type Row, rowOf, type Say } from '../report'
import { bundleRow } from '../startup/startup'
import { median, spread } from '../statistics'
import { bridgeRate } from './bridge-rate'
import { openBenchPage } from './browser'
import type { UiBench } from './page'

export interface UiOptions {
  quick: boolean
  repetitions?: number
  say: Say
}

const REPETITIONS = { quick: 2, full: 5 }
const FRAME_MS = 3_000
const PEERS = 5_000
const UPDATES_PER_SECOND = 10
const LOG_LINES = 200_000

declare global {
  interface Window {
    uiBench: UiBench
  }
}

/** The page under load, beside an empty canvas in the same browser, and what the bridge and the bundle weigh. */
export async function measureUi({ quick, repetitions, say }: UiOptions): Promise<Row[]> {
  const rounds = repetitions ?? REPETITIONS[quick ? 'quick' : 'full']
  const { page, close } = await openBenchPage()
  const figures = { canvas: [] as number[], map: [] as number[], log: [] as number[] }
  try {
    // The first round warms up and is not counted.
    for (let round = 0; round <= rounds; round++) {
      say(`frames ${round} of ${rounds}`)
      const canvas = await page.evaluate((ms) => window.uiBench.canvas(ms), FRAME_MS)
      const map = await page.evaluate(([ms, peers, hz]) => window.uiBench.map(ms, peers, hz), [
        FRAME_MS,
        PEERS,
        UPDATES_PER_SECOND,
      ] as const)
      const log = await page.evaluate(([ms, lines, hz]) => window.uiBench.log(ms, lines, hz), [
        FRAME_MS,
        LOG_LINES,
        UPDATES_PER_SECOND,
      ] as const)
      if (round === 0) continue
      figures.canvas.push(canvas)
      figures.map.push(map)
      figures.log.push(log)
    }
  } finally {
    await close()
  }
  const frames = (name: string, ours: number[], target: number | null, what: string) =>
    rowOf(
      {
        name,
        ours: median(ours),
        reference: median(figures.canvas),
        referenceIs: 'an empty canvas that is cleared every frame, in the same browser',
        unit: 'frames/s',
        better: 'higher',
        target,
        detail: `${what}; ours ${spread(ours, 1)}, reference ${spread(figures.canvas, 1)}; ${rounds} interleaved rounds of ${FRAME_MS / 1000} s, headless Chromium, drawn by the processor`,
      },
      figures.canvas.every((fps) => fps > 10),
    )
  return [
    frames('map-fps', figures.map, 0.9, `${PEERS} peers, ${UPDATES_PER_SECOND} updates a second`),
    frames('log-fps', figures.log, null, `${LOG_LINES} lines, followed, 20 more ten times a second`),
    await bridgeRate(quick ? 3 : 10),
    await bundleRow(),
  ]
}

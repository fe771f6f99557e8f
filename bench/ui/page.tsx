import { createRoot } from 'react-dom/client'
import { createStore } from 'zustand/vanilla'
import { LogView } from '../../src-renderer/components/log-view'
import PeerMap from '../../src-renderer/components/peer-map'
import type { Place } from '../../src-renderer/peer-places'
import type { LogState } from '../../src-renderer/stores/log-store'
import type { LogLine } from '../../src-shared/app-views'
import type { PeerSummary } from '../../src-shared/status'
import '../../src-renderer/styles'

/** What the measurement calls in the browser; each ends with frames a second. */
export interface UiBench {
  canvas(forMs: number): Promise<number>
  map(forMs: number, peers: number, updatesPerSecond: number): Promise<number>
  log(forMs: number, lines: number, batchesPerSecond: number): Promise<number>
}

const root = document.getElementById('root')
if (!root) throw new Error('no #root')

async function framesPerSecond(forMs: number, onFrame: () => void = () => undefined): Promise<number> {
  const startedAt = performance.now()
  let frames = 0
  for (;;) {
    await new Promise(requestAnimationFrame)
    onFrame()
    frames += 1
    const tookMs = performance.now() - startedAt
    if (tookMs >= forMs) return (frames * 1000) / tookMs
  }
}

/** Shows something for as long as it is measured, and changes it so many times a second. */
async function measure(
  forMs: number,
  perSecond: number,
  show: (render: ReturnType<typeof createRoot>['render']) => () => void,
) {
  const page = createRoot(root as HTMLElement)
  const change = show(page.render.bind(page))
  // Fonts, the first layout and the compiler.
  await framesPerSecond(1_000)
  const timer = setInterval(change, 1000 / perSecond)
  try {
    return await framesPerSecond(forMs)
  } finally {
    clearInterval(timer)
    page.unmount()
  }
}

const STATES = ['online', 'joining', 'unreachable', 'offline'] as const

function peersOf(count: number): PeerSummary[] {
  return Array.from({ length: count }, (_, index) => ({
    peerId: `12D3KooW${String(index).padStart(44, '1')}`,
    publicName: `peer-${index}`,
    blocks: { start: 0, end: 8 },
    state: STATES[index % 4] ?? 'online',
    roundTripMs: 20,
    isSelf: index === 0,
    seenAt: 0,
  }))
}

/** Spread over the land and the sea; one in ten has no place. */
function placesOf(peers: readonly PeerSummary[]): (peer: PeerSummary) => Place | null {
  const places = new Map(
    peers.flatMap(({ peerId }, index): [string, Place][] =>
      index % 10 === 9
        ? []
        : [[peerId, { latitude: ((index * 37) % 120) - 50, longitude: ((index * 61) % 340) - 170 }]],
    ),
  )
  return ({ peerId }) => places.get(peerId) ?? null
}

const bench: UiBench = {
  async canvas(forMs) {
    const canvas = document.createElement('canvas')
    canvas.width = 1_100
    canvas.height = 528
    root.append(canvas)
    const context = canvas.getContext('2d')
    const fps = await framesPerSecond(forMs, () => context?.clearRect(0, 0, canvas.width, canvas.height))
    canvas.remove()
    return fps
  },
  map: (forMs, count, updatesPerSecond) =>
    measure(forMs, updatesPerSecond, (render) => {
      let peers = peersOf(count)
      const placeOf = placesOf(peers)
      let turn = 0
      const draw = () => render(<PeerMap peers={peers} placeOf={placeOf} />)
      draw()
      return () => {
        turn += 1
        // Every tenth peer has another state; the list is a new one each time, as a status is.
        peers = peers.map((peer, index) =>
          (index + turn) % 10 === 0 ? { ...peer, state: STATES[(index + turn) % 4] ?? 'online' } : peer,
        )
        draw()
      }
    }),
  log: (forMs, count, batchesPerSecond) =>
    measure(forMs, batchesPerSecond, (render) => {
      const lineOf = (seq: number): LogLine => ({
        seq,
        at: seq * 10,
        level: seq % 50 === 0 ? 'warn' : 'info',
        code: 'bench.line',
        message: `line ${seq} of a log that is as long as a busy week`,
      })
      const lines = Array.from({ length: count }, (_, index) => lineOf(index + 1))
      const state = createStore<LogState>()(() => ({ lines, isLoaded: true, failure: null }))
      render(<LogView store={{ state, load: () => undefined, dispose: () => undefined }} />)
      return () => {
        const known = state.getState().lines
        const last = known.at(-1)?.seq ?? 0
        state.setState({
          lines: [...known.slice(20), ...Array.from({ length: 20 }, (_, index) => lineOf(last + index + 1))],
        })
      }
    }),
}
Object.assign(window, { uiBench: bench })

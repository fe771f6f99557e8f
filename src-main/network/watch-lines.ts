import type { Connection, Libp2p, Stream, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface'
import type { Clock, Disposer } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'

export interface LineWatch {
  /** Connections that are made of these muxers are watched. */
  muxer<F extends StreamMuxerFactory, C>(create: (components: C) => F): (components: C) => F
  /** Begins to watch; ends with what it returns. */
  start(host: Pick<Libp2p, 'getConnections'>): Disposer
}

/** Yamux answers a ping by itself, with twelve bytes and without a stream. */
interface Pings {
  ping(): Promise<unknown>
}

interface Line {
  readonly muxer: Pings
  /** When anything came, by the monotonic clock. */
  heardAtMs: number
  /** When a round trip was measured. */
  measuredAtMs: number | null
  /** The longest round trip lately. */
  slowestMs: number
  isAsked: boolean
  cancel: Disposer
}

const MIN_PATIENCE_MS = 3_000
const MAX_PATIENCE_MS = 10_000
/** As long as nothing is known: who has just shaken hands is there, but may be busy starting. */
const FIRST_PATIENCE_MS = 5_000
const PATIENCE_FACTOR = 4
/** Of a slow round trip this share is remembered after each later one. */
const FADING = 0.9
/** Connections with traffic need no ping, but somebody may want to know how far away they end. */
const TURNS_BETWEEN_MEASUREMENTS = 10
/** A timer that comes so late was kept by this process, and what has come meanwhile is still to be read. */
const LATE_MS = 250
const MAX_LATE_TURNS = 3

/**
 * Drops connections on which nothing comes back: a machine that sleeps or has lost its network closes nothing.
 *
 * In place of libp2p's monitor, which opens a stream for each ping, also where bytes arrive all the time, and takes a
 * ping for lost that the other side refused or that came late because this process was busy. Here anything that
 * arrives is a sign of life, only silent lines are asked, and slow ones are given more time.
 */
export function watchLines(clock: Clock, intervalMs: number): LineWatch {
  // A muxer does not know whose it is; the connection that is made of it shows the same list of streams.
  const lines = new WeakMap<readonly Stream[], Line>()

  function add(muxer: StreamMuxer, arrivals: Pick<EventTarget, 'addEventListener'>): void {
    if (!canPing(muxer)) return
    const line: Line = {
      muxer,
      heardAtMs: clock.monotonicMs(),
      measuredAtMs: null,
      slowestMs: 0,
      isAsked: false,
      cancel: () => undefined,
    }
    arrivals.addEventListener('message', () => {
      line.heardAtMs = clock.monotonicMs()
    })
    lines.set(muxer.streams, line)
  }

  function look(connection: Connection): void {
    const line = lines.get(connection.streams)
    if (!line || line.isAsked || connection.status !== 'open') return
    const nowMs = clock.monotonicMs()
    const isQuiet = nowMs - line.heardAtMs >= intervalMs / 2
    const isUnknown = nowMs - (line.measuredAtMs ?? Number.NEGATIVE_INFINITY) >= TURNS_BETWEEN_MEASUREMENTS * intervalMs
    if (isQuiet || isUnknown) ask(connection, line)
  }

  function ask(connection: Connection, line: Line): void {
    const askedAtMs = clock.monotonicMs()
    line.isAsked = true
    const end = () => {
      line.isAsked = false
      line.cancel()
    }
    // Never given up: Yamux takes an answer that it no longer waits for as a breach of its protocol.
    line.muxer.ping().then(() => {
      const tookMs = clock.monotonicMs() - askedAtMs
      connection.rtt = Math.round(tookMs)
      line.measuredAtMs = clock.monotonicMs()
      line.slowestMs = Math.max(tookMs, FADING * line.slowestMs)
      end()
    }, end)
    judgeAfter(patienceMs(line), 0)

    function judgeAfter(delayMs: number, lateTurns: number): void {
      const dueAtMs = clock.monotonicMs() + delayMs
      line.cancel = clock.after(delayMs, () => {
        if (connection.status !== 'open') return
        const nowMs = clock.monotonicMs()
        const limitMs = patienceMs(line)
        const silentMs = nowMs - line.heardAtMs
        if (nowMs - dueAtMs > LATE_MS && lateTurns < MAX_LATE_TURNS) judgeAfter(limitMs, lateTurns + 1)
        else if (silentMs < limitMs) judgeAfter(limitMs - silentMs, 0)
        else connection.abort(new EspalierError('TIMED_OUT', `${connection.remotePeer} was silent for ${limitMs} ms`))
      })
    }
  }

  return {
    muxer: (create) => (components) => {
      const factory = create(components)
      const createStreamMuxer = factory.createStreamMuxer.bind(factory)
      factory.createStreamMuxer = (stream) => {
        const muxer = createStreamMuxer(stream)
        add(muxer, stream)
        return muxer
      }
      return factory
    },
    start(host) {
      const stop = clock.every(intervalMs, () => {
        for (const connection of host.getConnections()) look(connection)
      })
      return () => {
        stop()
        for (const connection of host.getConnections()) lines.get(connection.streams)?.cancel()
      }
    },
  }
}

function patienceMs({ measuredAtMs, slowestMs }: Line): number {
  if (measuredAtMs === null) return FIRST_PATIENCE_MS
  return Math.min(MAX_PATIENCE_MS, Math.max(MIN_PATIENCE_MS, PATIENCE_FACTOR * slowestMs))
}

function canPing(muxer: StreamMuxer): muxer is StreamMuxer & Pings {
  return typeof Reflect.get(muxer, 'ping') === 'function'
}

import { lookup } from 'node:dns/promises'
import { blocksInWords } from '../../src-shared/blocks'
import { systemClock } from '../../src-shared/clock'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { plainText } from '../coordinator/plain-text'
import { peerFromText } from '../hivemind/peer-bytes'
import { reachPeer } from '../network/find-peer'
import type { NetworkProfile, RecordForm } from '../network/profiles'
import { type NetworkClient, openNetworkClient } from '../node/network-client'
import { createCrawler } from '../observe/crawler'
import { serveMap } from '../observe/map-server'
import { type Observation, observeNetwork } from '../observe/monitor-state'
import { createProbeMemory } from '../observe/probe-memory'
import { createEventLog } from '../storage/event-log'
import { checkPeers } from './check-peers'
import { onEndSignal } from './until-end'
import { checkArguments } from './wrong-arguments'

export interface ObserveOptions {
  bootstrap: string[]
  profile: NetworkProfile
  form?: RecordForm
  track: string[]
  interval: number
  once: boolean
  /** Port of the map that is served; 0 takes a free one. */
  serve?: number
  serveHost: string
  json: boolean
}

/** A map that looks more often is a burden; for networks on one computer a few seconds are fine. */
const MIN_PERIOD_S = 2
const REACH_TIMEOUT_MS = 10_000

/** Prints what the network looks like, again and again until a signal or once. */
export async function observe(options: ObserveOptions): Promise<void> {
  await checkArguments(async () => {
    checkPeers(options.bootstrap)
    if (options.serve !== undefined) await checkHost(options.serveHost)
  })
  const clock = systemClock
  const client = await openNetworkClient({
    profile: options.profile,
    bootstraps: options.bootstrap,
    clock,
    log: createEventLog(clock, null),
  })
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  onEndSignal(stop)
  try {
    if (options.serve !== undefined) return await serveObservations(client, options, stopping.signal)
    do {
      const seen = await observeNetwork({
        host: client.host,
        view: client.view(options.form ?? options.profile.recordForms[0], options.track),
        bootstraps: client.bootstraps,
        updatePeriodMs: options.interval * 1000,
        clock,
      })
      process.stdout.write(`${options.json ? JSON.stringify(seen) : text(seen)}\n`)
      if (!options.once) await clock.sleep(options.interval * 1000, stopping.signal).catch(() => undefined)
    } while (!options.once && !stopping.signal.aborted)
  } finally {
    await client.close()
  }
}

async function checkHost(host: string): Promise<void> {
  await lookup(host).catch((error: unknown) => {
    throw new EspalierError('BAD_ARGUMENT', `--serve-host: ${host} (${messageOf(error)})`)
  })
}

/** Crawls and serves what it sees as a map, until the signal. */
async function serveObservations(client: NetworkClient, options: ObserveOptions, signal: AbortSignal): Promise<void> {
  const clock = systemClock
  const log = createEventLog(clock, null)
  log.subscribe(({ level, message }) => void process.stderr.write(`${level}: ${plainText(message, 300)}\n`))
  const memory = createProbeMemory(clock)
  const view = client.view(options.form ?? options.profile.recordForms[0], options.track)
  const periodMs = Math.max(MIN_PERIOD_S, options.interval) * 1000
  const crawler = createCrawler({
    look: () =>
      observeNetwork({
        host: client.host,
        view,
        bootstraps: client.bootstraps,
        updatePeriodMs: periodMs,
        clock,
        memory,
      }),
    periodMs,
    clock,
    log,
  })
  const server = await serveMap({
    snapshot: () => crawler.snapshot,
    async reach(peerId) {
      const peer = peerFromText(peerId)
      if (!peer) throw new EspalierError('BAD_ARGUMENT', 'that is no peer id')
      await reachPeer(client.host, peer, AbortSignal.timeout(REACH_TIMEOUT_MS))
    },
    host: options.serveHost,
    port: options.serve ?? 0,
    clock,
  })
  crawler.start()
  process.stdout.write(
    options.json ? `${JSON.stringify({ type: 'ready', url: server.url })}\n` : `Map at ${server.url}\n`,
  )
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  crawler.stop()
  await server.close()
}

function text({ state, recordsRead }: Observation): string {
  const lines = state.model_reports.flatMap(({ name, state: health, num_blocks, server_rows }) => [
    `${name}: ${health}, ${num_blocks} blocks`,
    ...server_rows.map(
      ({ peer_id, state: row, span }) =>
        `  ${row.padEnd(11)} ${blocksInWords(span).padEnd(13)}  ${peer_id}  ${plainText(String(span.server_info.public_name ?? ''), 60)}`,
    ),
  ])
  return [...lines, `${recordsRead} records read in ${state.update_duration.toFixed(2)} s`].join('\n')
}

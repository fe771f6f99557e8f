import { systemClock } from '../../src-shared/clock'
import { plainText } from '../coordinator/plain-text'
import type { NetworkProfile, RecordForm } from '../network/profiles'
import { openNetworkClient } from '../node/network-client'
import { type Observation, observeNetwork } from '../observe/monitor-state'
import { createEventLog } from '../storage/event-log'

export interface ObserveOptions {
  bootstrap: string[]
  profile: NetworkProfile
  form?: RecordForm
  track: string[]
  interval: number
  once: boolean
  json: boolean
}

/** Prints what the network looks like, again and again until a signal or once. */
export async function observe(options: ObserveOptions): Promise<void> {
  const clock = systemClock
  const client = await openNetworkClient({
    profile: options.profile,
    bootstraps: options.bootstrap,
    clock,
    log: createEventLog(clock, null),
  })
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  try {
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

function text({ state, recordsRead }: Observation): string {
  const lines = state.model_reports.flatMap(({ name, state: health, num_blocks, server_rows }) => [
    `${name}: ${health}, ${num_blocks} blocks`,
    ...server_rows.map(
      ({ peer_id, state: row, span }) =>
        `  ${row.padEnd(11)} [${span.start}, ${span.end})  ${peer_id}  ${plainText(String(span.server_info.public_name ?? ''), 60)}`,
    ),
  ])
  return [...lines, `${recordsRead} records read in ${state.update_duration.toFixed(2)} s`].join('\n')
}

import { systemClock } from '../../src-shared/clock'
import type { Meter } from '../../src-shared/meter'
import { createDetectCompute, fetchedLibraries } from '../app/compute'
import { appPaths } from '../app-paths'
import { coordinatorFetch } from '../coordinator/coordinator-fetch'
import { normaliseCoordinatorUrl } from '../coordinator/coordinator-url'
import { memoryOf, runMeter } from '../meter/run-meter'
import type { NetworkProfile } from '../network/profiles'
import { threadsFor } from '../node/threads'
import { startChild } from '../process/owned-child'
import { dataDirectoryAt } from '../storage/data-directory'
import { createEventLog } from '../storage/event-log'
import { onEndSignal } from './until-end'
import { checkArguments } from './wrong-arguments'

interface Options {
  coordinator: string
  insecureHttp: boolean
  modelFile?: string
  dataDir?: string
  threads?: number
  profile?: NetworkProfile
  json: boolean
}

const STAGES = {
  network: 'Looking who serves the model…',
  answer: 'Timing an answer of the network…',
  computer: 'Timing this computer…',
} as const

/** Prints what joining a network would change, measured as a guest: nothing is registered. */
export async function meter(options: Options): Promise<void> {
  await checkArguments(() => normaliseCoordinatorUrl(options.coordinator, { allowInsecure: options.insecureHttp }))
  const log = createEventLog(systemClock, null)
  const paths = appPaths()
  const spawnEngine = () => startChild({ script: paths.engineChild, ipc: 'pipe' })
  // A question must not leave a directory behind.
  const { root } = dataDirectoryAt(options.dataDir)
  const detect = createDetectCompute({ spawnEngine, log, directoryOf: fetchedLibraries(paths.cudaPacks, root) })
  const compute = await detect({ device: 'auto', gpuNames: null })
  const stopping = new AbortController()
  onEndSignal(() => stopping.abort())
  const found = await runMeter({
    ...{ coordinatorUrl: options.coordinator, allowInsecure: options.insecureHttp, fetch: coordinatorFetch },
    ...{ clock: systemClock, log, profile: options.profile ?? null, spawnEngine, compute, gpuMemoryGb: null },
    modelPath: (isDemo) => options.modelFile ?? (isDemo ? paths.sampleModel : null),
    threads: threadsFor(options.threads),
    ...memoryOf(compute, null, null),
    ownPeerId: '',
    signal: stopping.signal,
    onStage(stage) {
      if (!options.json) process.stderr.write(`${STAGES[stage]}\n`)
    },
  })
  process.stdout.write(options.json ? `${JSON.stringify(found)}\n` : `${linesOf(found).join('\n')}\n`)
}

/** `1,080`, `72.0`, `6.42`: never with an exponent. */
function threeDigits(rate: number): string {
  return rate >= 999.5 ? Math.round(rate).toLocaleString('en') : rate.toPrecision(3)
}

const VERDICTS = {
  completes: 'No answer can pass now; with this computer one can.',
  faster: 'An answer through this computer is faster than one is now.',
  same: 'An answer through this computer is as fast as one is now.',
  slower: 'An answer through this computer is slower than one is now.',
  unknown: 'What this computer would change is not known.',
} as const

export function linesOf({ modelName, alone, now, together, verdict }: Meter): string[] {
  const figure = (rate: number | null, reason: string | null) =>
    rate === null ? `not known (${reason ?? 'nothing was timed'})` : `${threeDigits(rate)} tokens/s`
  const blocks = together.blocks && ` (with blocks ${together.blocks.start}–${together.blocks.end - 1})`
  return [
    modelName,
    `  this computer alone   ${figure(alone.tokensPerSecond, alone.reason)}`,
    `  network, measured     ${figure(now.measured, now.reason)}`,
    `  network, by its parts ${figure(now.estimated, now.reason)}`,
    `  through this one too  ${figure(together.estimated, together.reason)}${blocks ?? ''}`,
    VERDICTS[verdict],
  ]
}

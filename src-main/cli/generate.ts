import { systemClock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { appPaths } from '../app-paths'
import { createCoordinatorApi } from '../coordinator/coordinator-api'
import { coordinatorFetch } from '../coordinator/coordinator-fetch'
import { EngineClient } from '../engine/engine'
import { type NetworkProfile, PROFILES } from '../network/profiles'
import { openNetworkClient } from '../node/network-client'
import { engineVocabulary } from '../node/vocabulary'
import { generate } from '../pipeline/generate'
import { startChild } from '../process/owned-child'
import { checkManifest } from '../shards/manifest'
import { createEventLog } from '../storage/event-log'

interface Options {
  coordinator: string
  modelFile: string
  maxTokens: number
  contextTokens: number
  profile?: NetworkProfile
  json: boolean
}

/** Streams the answer to stdout; with --json, one document with answer, route and speed. */
export async function generateCommand(prompt: string, options: Options): Promise<void> {
  const clock = systemClock
  const api = createCoordinatorApi({ baseUrl: options.coordinator, fetch: coordinatorFetch, clock })
  const { value: info } = await api.networkInfo()
  if (info.modelName === null) throw new EspalierError('MANIFEST_MISSING', 'the coordinator hosts no model')
  const manifest = checkManifest((await api.manifest(info.modelName)).value)
  const profile = options.profile ?? (info.isDemo ? PROFILES.local : PROFILES.espalier)
  const stopping = new AbortController()
  process.once('SIGINT', () => stopping.abort())

  const engine = new EngineClient(startChild({ script: appPaths().engineChild, ipc: 'pipe' }))
  const client = await openNetworkClient({
    profile,
    bootstraps: info.bootstrapPeers,
    clock,
    log: createEventLog(clock, null),
  }).catch(async (error: unknown) => {
    await engine.stop()
    throw error
  })
  try {
    await engine.start({ accelerator: 'cpu', directory: null })
    const entry = await engine.loadEntry(options.modelFile)
    const routed = client.request(manifest, options.contextTokens)
    const route = await routed.route(AbortSignal.timeout(10_000))
    const generation = await generate({
      pipeline: routed,
      vocabulary: engineVocabulary(engine, entry),
      clock,
      root: manifest.root,
      route,
      prompt,
      maxTokens: options.maxTokens,
      contextTokens: options.contextTokens,
      signal: stopping.signal,
      onToken: ({ text: piece }) => {
        if (!options.json) process.stdout.write(piece.replaceAll(/(?![\n\t])\p{Cc}/gu, ''))
      },
    })
    const { text, tokens, tokensPerSecond } = generation
    const { hops, lost } = routed.trace(generation)
    process.stdout.write(
      options.json ? `${JSON.stringify({ prompt, text, tokens: tokens.length, tokensPerSecond, hops, lost })}\n` : '\n',
    )
  } finally {
    await client.close()
    await engine.stop()
  }
}

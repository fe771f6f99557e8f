import { randomBytes } from 'node:crypto'
import * as z from 'zod'
import { systemClock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import { routeChangeWords } from '../../src-shared/routing-trace'
import { appPaths } from '../app-paths'
import { createCoordinatorApi } from '../coordinator/coordinator-api'
import { coordinatorFetch } from '../coordinator/coordinator-fetch'
import { normaliseCoordinatorUrl } from '../coordinator/coordinator-url'
import { EngineClient } from '../engine/engine'
import type { TokenizerReport } from '../engine/protocol'
import { PLAIN_SAMPLING, type SamplingChoice, SamplingSchema } from '../engine/sampling'
import { type NetworkProfile, PROFILES } from '../network/profiles'
import { chatPrompt } from '../node/chat-prompt'
import { checkVocabulary } from '../node/check-vocabulary'
import { openNetworkClient } from '../node/network-client'
import { engineVocabulary } from '../node/vocabulary'
import { generate } from '../pipeline/generate'
import { startChild } from '../process/owned-child'
import { checkManifest, type Manifest } from '../shards/manifest'
import { createShardStore } from '../shards/store/shard-store'
import { dataDirectoryAt } from '../storage/data-directory'
import { createEventLog } from '../storage/event-log'
import { onEndSignal } from './until-end'
import { checkArguments } from './wrong-arguments'

interface Options {
  coordinator: string
  insecureHttp: boolean
  modelFile?: string
  dataDir?: string
  maxTokens: number
  contextTokens: number
  /** The prompt is what a person says in a chat. */
  chat: boolean
  temperature: number
  topK: number
  topP: number
  minP: number
  repeatPenalty: number
  exact: boolean
  seed?: number
  profile?: NetworkProfile
  json: boolean
}

/** Streams the answer to stdout; with --json, one document with answer, route and speed. */
export async function generateCommand(prompt: string, options: Options): Promise<void> {
  const clock = systemClock
  const { insecureHttp: allowInsecure } = options
  const baseUrl = await checkArguments(() => normaliseCoordinatorUrl(options.coordinator, { allowInsecure }))
  const sampling = await checkArguments(() => samplingOf(options))
  const api = createCoordinatorApi({ baseUrl, allowInsecure, fetch: coordinatorFetch, clock })
  const { value: info } = await api.networkInfo()
  if (info.modelName === null) throw new EspalierError('MANIFEST_MISSING', 'the coordinator hosts no model')
  const manifest = checkManifest((await api.manifest(info.modelName)).value)
  const profile = options.profile ?? (info.isDemo ? PROFILES.local : PROFILES.espalier)
  const stopping = new AbortController()
  onEndSignal(() => stopping.abort())

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
    const tokenizer = await loadTokenizer(engine, manifest, options)
    const routed = client.request(manifest, options.contextTokens, (change) => {
      process.stderr.write(`\n${routeChangeWords(change)}\n`)
    })
    const route = await routed.route(AbortSignal.timeout(10_000))
    const generation = await generate({
      pipeline: routed,
      vocabulary: engineVocabulary(engine, tokenizer),
      clock,
      root: manifest.root,
      route,
      prompt: options.chat ? await chatPrompt(engine, tokenizer, [{ role: 'user', text: prompt }]) : prompt,
      ...(sampling && { sampling }),
      exact: options.exact,
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
      options.json
        ? `${JSON.stringify({ prompt, text, seed: sampling?.seed ?? null, tokens: tokens.length, tokensPerSecond, hops, lost })}\n`
        : '\n',
    )
    if (!options.json && sampling) process.stderr.write(`Drawn with --seed ${sampling.seed}\n`)
  } finally {
    await client.close()
    await engine.stop()
  }
}

/** From the file that was named, or as a node with this data directory has it. */
async function loadTokenizer(
  engine: EngineClient,
  manifest: Manifest,
  { modelFile, dataDir }: Pick<Options, 'modelFile' | 'dataDir'>,
): Promise<TokenizerReport> {
  if (modelFile !== undefined) {
    const entry = await engine.loadEntry(modelFile)
    await checkVocabulary(engine, entry, modelFile, manifest)
    return entry
  }
  const { root } = dataDirectoryAt(dataDir)
  const path = await createShardStore({ dataDirectory: root, clock: systemClock }).tokenizer(manifest)
  if (path === null) {
    throw new EspalierError('SHARD_MISSING', `${root} has no blocks of ${manifest.name}, and there is no --model-file`)
  }
  return engine.loadTokenizer(path)
}

/** Undefined for the likeliest token each time, which needs no draw. */
function samplingOf({ temperature, topK, topP, minP, repeatPenalty, seed }: Options): SamplingChoice | undefined {
  if (temperature === 0 && repeatPenalty === 1) return undefined
  const chosen = SamplingSchema.omit({ history: true }).safeParse({
    ...PLAIN_SAMPLING,
    ...{ temperature, topK, topP, minP, repeatPenalty },
    seed: seed ?? randomBytes(4).readUInt32LE(),
  })
  if (!chosen.success) throw new EspalierError('BAD_ARGUMENT', z.prettifyError(chosen.error))
  return chosen.data
}

import { type Clock, systemClock } from '../../src-shared/clock'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { appPaths } from '../app-paths'
import { onEndSignal } from '../cli/until-end'
import { EngineClient } from '../engine/engine'
import { PROFILES, type RecordForm } from '../network/profiles'
import { MAX_BATCH_TOKENS } from '../node/config'
import { openNetworkClient } from '../node/network-client'
import { engineVocabulary } from '../node/vocabulary'
import { generate } from '../pipeline/generate'
import { startChild } from '../process/owned-child'
import { readManifest } from '../shards/manifest'
import { createEventLog } from '../storage/event-log'
import { type DemoNetwork, type DemoNode, startDemoNetwork, waitForRows } from './demo-network'
import { maxDifference, openReference } from './parity'
import { createProgress, type Progress } from './progress'
import type { DemoReport } from './report'

const PROMPTS = ['A hacker is', 'Computer, n. An', 'The wise man said'] as const
const TOKENS = 64
const CONTEXT_TOKENS = 512
const VISIBLE_TIMEOUT_MS = 180_000
const OBSERVE_TIMEOUT_MS = 60_000
/** Of nodes that somebody ended to see what happens; more means that something is wrong. */
const MAX_RESTARTS = 20

/** Runs the product's main job on a network that exists only on this computer, and proves each part of it. */
export async function demo(options: { once: boolean; json: boolean; form: RecordForm }): Promise<void> {
  const clock = systemClock
  const stopping = new AbortController()
  const stop = () => stopping.abort(new EspalierError('CANCELLED'))
  onEndSignal(stop)
  const progress = createProgress(clock, options.json ? null : (line) => void process.stdout.write(`${line}\n`))
  const startedAtMs = clock.monotonicMs()
  progress.title(
    'A demonstration network, on this computer only. DEMO: nothing here leaves loopback, and the sample model knows nothing.',
  )
  const network = await startDemoNetwork({
    paths: appPaths(),
    clock,
    signal: stopping.signal,
    onStatus: (node) => node.status && progress.steps(node.name, node.status),
  })
  try {
    const report = await prove(network, options.form, progress, clock, stopping.signal, startedAtMs)
    if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`)
    else progress.report(report)
    if (!options.once) {
      progress.title(`Open ${network.nodes[0]?.ui}`)
      progress.title('Everything stays up until Ctrl-C.')
      await untilEnd(network, progress, stopping.signal)
    }
  } catch (error) {
    // Ctrl-C is how the demo is meant to end, unless it was to run to its own end.
    if (!stopping.signal.aborted || options.once) throw error
  } finally {
    progress.title('Stopping: the nodes write OFFLINE records and sign off.')
    await network.stop()
  }
}

async function prove(
  network: DemoNetwork,
  form: RecordForm,
  progress: Progress,
  clock: Clock,
  signal: AbortSignal,
  startedAtMs: number,
): Promise<DemoReport> {
  await untilVisible(network, clock, signal)
  const nodes = network.nodes.map(({ status, name }) => {
    if (!status?.peerId || !status.blocks) throw new EspalierError('DEMO_FAILED', `${name} says nothing about itself`)
    const { peerId, blocks, loadLevel, steps } = status
    return { peerId, blocks: [blocks.start, blocks.end] as [number, number], loadLevel, steps }
  })
  progress.title('An observer, who knows only the bootstrap address, looks for the nodes.')
  const observer = network.startObserver(form, network.nodes[0]?.status?.model?.dhtPrefix ?? '')
  const seen = await waitForRows(
    observer,
    nodes.map(({ peerId }) => peerId),
    AbortSignal.any([signal, AbortSignal.timeout(OBSERVE_TIMEOUT_MS)]),
  )
  await observer.stop()
  progress.rows(seen)
  progress.title('A client sends prompts through the three nodes; one llama.cpp process computes the same.')
  const generation = await generateAndCompare(network.bootstrapPeers, progress, clock, signal)
  return { nodes, observer: seen, generation, elapsedMs: Math.round(clock.monotonicMs() - startedAtMs) }
}

async function untilVisible({ nodes, coordinator }: DemoNetwork, clock: Clock, signal: AbortSignal): Promise<void> {
  const deadline = clock.monotonicMs() + VISIBLE_TIMEOUT_MS
  const isDone = ({ status }: DemoNode) => status?.steps.every(({ state }) => state === 'done') ?? false
  while (!nodes.every(isDone)) {
    for (const { name, child } of [coordinator, ...nodes.map(({ process }) => process)]) {
      if (await hasEnded(child.exited)) throw new EspalierError('DEMO_FAILED', `${name} ended`)
    }
    if (clock.monotonicMs() > deadline) {
      const late = nodes.find((node) => !isDone(node))
      const step = late?.status?.steps.find(({ state }) => state !== 'done')
      throw new EspalierError(
        'DEMO_FAILED',
        `${late?.name} did not get past the step “${step?.name}” (${step?.blocker?.cause ?? step?.state})`,
      )
    }
    await clock.sleep(100, signal)
  }
}

async function hasEnded(exited: Promise<unknown>): Promise<boolean> {
  return Promise.race([exited.then(() => true), Promise.resolve(false)])
}

async function generateAndCompare(
  bootstraps: readonly string[],
  progress: Progress,
  clock: Clock,
  signal: AbortSignal,
): Promise<DemoReport['generation']> {
  const paths = appPaths()
  const spawnEngine = () => startChild({ script: paths.engineChild, ipc: 'pipe' })
  const manifest = await readManifest(paths.sampleManifest)
  const client = await openNetworkClient({
    profile: PROFILES.local,
    bootstraps,
    clock,
    log: createEventLog(clock, null),
  })
  const tokenizer = new EngineClient(spawnEngine())
  const reference = await openReference({
    modelPath: paths.sampleModel,
    spawnEngine,
    contextTokens: CONTEXT_TOKENS,
    maxBatchTokens: MAX_BATCH_TOKENS,
  })
  try {
    await tokenizer.start({ accelerator: 'cpu', directory: null })
    const vocabulary = engineVocabulary(tokenizer, await tokenizer.loadEntry(paths.sampleModel))
    const route = await client.findRoute(manifest, AbortSignal.any([signal, AbortSignal.timeout(10_000)]))
    const prompts: { prompt: string; text: string }[] = []
    const speeds: number[] = []
    let tokens = 0
    let isIdentical = true
    let maxLogitDifference = 0
    for (const prompt of PROMPTS) {
      const logits: Float32Array[] = []
      progress.prompt(prompt)
      const answer = await generate({
        pipeline: client.pipeline,
        vocabulary,
        clock,
        root: manifest.root,
        route,
        prompt,
        maxTokens: TOKENS,
        contextTokens: CONTEXT_TOKENS,
        ignoresEndOfText: true,
        // Compared bit for bit with one process.
        exact: true,
        wantsLogits: true,
        signal,
        onToken(token) {
          if (token.logits) logits.push(token.logits)
          progress.text(token.text)
        },
      })
      const same = await reference.repeat(answer)
      const difference = maxDifference(logits, same.logits)
      isIdentical &&= same.tokens.length === TOKENS && same.tokens.every((token, i) => token === answer.tokens[i])
      maxLogitDifference = Math.max(maxLogitDifference, difference)
      tokens += answer.tokens.length
      prompts.push({ prompt, text: answer.text })
      if (answer.tokensPerSecond !== null) speeds.push(answer.tokensPerSecond)
      progress.compared(same.tokens.length, difference)
    }
    if (!isIdentical)
      throw new EspalierError(
        'DEMO_FAILED',
        `generate: the answers differ from one process by up to ${maxLogitDifference}`,
      )
    const tokensPerSecond = speeds.toSorted((a, b) => a - b)[Math.floor(speeds.length / 2)] ?? 0
    return {
      prompts,
      tokens,
      stages: route.length,
      tokensPerSecond,
      identicalToSingleProcess: isIdentical,
      maxLogitDifference,
    }
  } catch (error) {
    throw error instanceof EspalierError
      ? error
      : new EspalierError('DEMO_FAILED', `generate: ${messageOf(error)}`, { cause: error })
  } finally {
    await Promise.allSettled([client.close(), tokenizer.stop(), reference.close()])
  }
}

/** Until a signal, or until the coordinator ends, which is a failure. A node that ends is told, and starts again. */
async function untilEnd(network: DemoNetwork, progress: Progress, signal: AbortSignal): Promise<void> {
  const aborted = new Promise<null>((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true }))
  const coordinatorEnded = network.coordinator.child.exited.then(() => network.coordinator)
  let restarts = 0
  for (;;) {
    const nodesEnded = network.nodes.map((node) => node.process.child.exited.then(() => node))
    const ended = await Promise.race([aborted, coordinatorEnded, ...nodesEnded])
    if (ended === null || signal.aborted) return
    if (!('ui' in ended) || ++restarts > MAX_RESTARTS)
      throw new EspalierError('DEMO_FAILED', `${ended.name} ended by itself`)
    progress.title(`${ended.name} ended. The others stay up and see it go; it starts again.`)
    await network.restart(ended)
    progress.title(`${ended.name} is back: ${ended.ui}`)
  }
}

import type { Clock } from '../../../src-shared/clock'
import { EspalierError } from '../../../src-shared/errors'
import { LLAMA_RELEASE } from '../abi'
import { type LlamaApi, openLlama } from '../api'
import { captureModel } from '../capture-model'
import { cardsOf } from '../device-choice'
import { listDevices } from '../devices'
import { driverMark } from '../driver-mark'
import { type Embedder, openEmbedder } from '../embedder'
import type { Grammar } from '../grammar'
import { loadModel } from '../model'
import type { EngineStats, EntryReport, LoadReport, LoadSpec, TokenizerReport } from '../protocol'
import { Stage } from '../stage'
import { openVocabulary, type Vocabulary } from '../vocabulary'
import type { EngineHandlers } from './server'

/** What turns words into tokens; with an entry file, tokens into what block 0 is fed as well. */
interface Entry {
  embedder: Embedder | null
  vocabulary: Vocabulary
}

/** One sequence more than the parent may lease: probes run in it while all others are taken. */
const PROBE_SEQUENCES = 1
/** Texts at once that have to fit a grammar. */
const MAX_GRAMMARS = 64
/** Smallest step of reported progress: a large model has thousands of tensors. */
const PROGRESS_STEP = 0.01

/** The engine's state and what each operation does with it. */
export function createHandlers(clock: Clock): EngineHandlers {
  let api: LlamaApi | null = null
  let stage: Stage | null = null
  let entry: Entry | null = null
  /** Names of the cards that the loaded blocks lie on. */
  let usedCards: string[] = []
  const grammars = new Map<number, Grammar>()
  let lastGrammar = 0

  const needApi = () => api ?? refuse('the engine is not started')
  const needStage = () => stage ?? refuse('no slice is loaded')
  const needVocabulary = () => entry?.vocabulary ?? refuse('no tokenizer is loaded')
  const needEmbedder = () => entry?.embedder ?? refuse('no entry file is loaded')

  function cardMemory(): EngineStats['cards'] {
    if (!api || usedCards.length === 0) return null
    const cards = cardsOf(listDevices(api)).filter(({ name }) => usedCards.includes(name))
    const totalBytes = cards.reduce((sum, card) => sum + card.totalBytes, 0)
    return { usedBytes: totalBytes - cards.reduce((sum, card) => sum + card.freeBytes, 0), totalBytes }
  }

  /** They point into the vocabulary, so they go first. */
  function closeEntry(): void {
    for (const grammar of grammars.values()) grammar.free()
    grammars.clear()
    entry?.embedder?.close()
    entry?.vocabulary.close()
    entry = null
  }

  function unload(): void {
    stage?.free()
    stage = null
    usedCards = []
    closeEntry()
  }

  async function loadEntry(path: string): Promise<EntryReport> {
    const { report, ...opened } = await openEntry(needApi(), path)
    closeEntry()
    entry = opened
    return report
  }

  function loadTokenizer(path: string): TokenizerReport {
    const vocabulary = openVocabulary(needApi(), path)
    closeEntry()
    entry = { embedder: null, vocabulary }
    return tokenizerReport(vocabulary)
  }

  async function load(spec: LoadSpec, onProgress: (fraction: number) => void): Promise<LoadReport> {
    const llama = needApi()
    unload()
    const startedAt = clock.monotonicMs()
    const residentBytesBefore = process.memoryUsage.rss()
    const entryReport = spec.entryPath ? await loadEntry(spec.entryPath) : null
    const { gpuLayers, gpuNames } = spec
    const cards = () =>
      gpuLayers === 0 ? [] : cardsOf(listDevices(llama)).filter(({ name }) => gpuNames?.includes(name) ?? true)
    const before = cards()
    const model = await loadModel(llama, spec.slicePath, { gpuLayers, gpuNames, onProgress: inSteps(onProgress) })
    try {
      if (entryReport && entryReport.embeddingLength !== model.embeddingLength) {
        throw new EspalierError('GGUF_INVALID', 'the entry file belongs to another model than the slice')
      }
      const sequences = spec.maxSequences + PROBE_SEQUENCES
      const sequenceTokens = Math.ceil(spec.contextTokens / spec.maxSequences)
      stage = new Stage(llama, model, { ...spec, sequences, sequenceTokens, embed: entry?.embedder?.embed ?? null })
    } catch (error) {
      model.free()
      throw error
    }
    usedCards = before.map(({ name }) => name)
    return {
      blockCount: model.blockCount,
      embeddingLength: model.embeddingLength,
      vocabSize: model.vocabSize,
      contextTokens: stage.sequenceTokens * spec.maxSequences,
      maxBatchTokens: stage.maxBatchTokens,
      modelBytes: model.sizeBytes,
      residentBytesBefore,
      residentBytesAfter: process.memoryUsage.rss(),
      loadMs: clock.monotonicMs() - startedAt,
      devices: before.length > 0 ? before.map(({ name }) => name) : ['CPU'],
      cards: cards().map(({ name, freeBytes }, index) => ({
        name,
        freeBeforeBytes: before[index]?.freeBytes ?? freeBytes,
        freeAfterBytes: freeBytes,
      })),
      entry: entryReport,
    }
  }

  return {
    start(options) {
      api ??= openLlama(options)
      const libraryDirectory = api.libraries.files.directory
      const devices = listDevices(api)
      return { release: LLAMA_RELEASE, libraryDirectory, devices, driver: driverMark(devices, libraryDirectory) }
    },
    load,
    unload() {
      unload()
      return {}
    },
    loadTokenizer: ({ path }) => loadTokenizer(path),
    loadEntry: ({ path }) => loadEntry(path),
    run(batch) {
      const loaded = needStage()
      const startedAt = clock.monotonicMs()
      const items = loaded.run(batch)
      return { items, computeMs: clock.monotonicMs() - startedAt }
    },
    trim({ sequence, position }) {
      needStage().trim(sequence, position)
      return {}
    },
    sampler({ sequence, sampling }) {
      needStage().setSampler(sequence, sampling)
      return {}
    },
    embed: ({ tokens }) => ({ hidden: needEmbedder().embed(tokens) }),
    tokenize: ({ text, ...options }) => ({ tokens: needVocabulary().tokenize(text, options) }),
    pieces: ({ tokens, special }) => ({ pieces: needVocabulary().pieces(tokens, special) }),
    openGrammar({ grammar }) {
      if (grammars.size >= MAX_GRAMMARS) throw new EspalierError('SESSION_LIMIT', `${MAX_GRAMMARS} grammars`)
      const opened = needVocabulary().openGrammar(grammar)
      grammars.set(++lastGrammar, opened)
      return { grammar: lastGrammar }
    },
    maskLogits: ({ grammar, accepted, logits }) => ({
      logits: (grammars.get(grammar) ?? refuse('no such grammar')).mask(accepted, logits),
    }),
    closeGrammar({ grammar }) {
      grammars.get(grammar)?.free()
      grammars.delete(grammar)
      return {}
    },
    capture: ({ modelPath, tokens, threads }) => captureModel(needApi(), modelPath, tokens, threads),
    stats() {
      const { user, system } = process.cpuUsage()
      return {
        residentBytes: process.memoryUsage.rss(),
        cpuUserMs: user / 1000,
        cpuSystemMs: system / 1000,
        cards: cardMemory(),
      }
    },
  }
}

async function openEntry(api: LlamaApi, path: string): Promise<Entry & { report: EntryReport }> {
  const embedder = await openEmbedder(api, path)
  try {
    const { architecture, embeddingLength, vocabSize } = embedder
    const vocabulary = openVocabulary(api, path)
    const report = { ...tokenizerReport(vocabulary), architecture, embeddingLength, vocabSize }
    return { embedder, vocabulary, report }
  } catch (error) {
    embedder.close()
    throw error
  }
}

function tokenizerReport({ size, ...vocabulary }: Vocabulary): TokenizerReport {
  const { bosToken, eosToken, addsBos, endTokens, chatTemplate } = vocabulary
  return { vocabSize: size, bosToken, eosToken, addsBos, endTokens, chatTemplate }
}

function inSteps(onProgress: (fraction: number) => void): (fraction: number) => void {
  let reported = -1
  return (fraction) => {
    if (fraction - reported < PROGRESS_STEP && fraction < 1) return
    reported = fraction
    onProgress(Math.min(1, fraction))
  }
}

function refuse(detail: string): never {
  throw new EspalierError('BAD_ARGUMENT', detail)
}

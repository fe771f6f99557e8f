import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ApiServer, startApiServer } from '../../src-main/api/api-server'
import { FREE_TRANSFERS } from '../../src-main/node/transfers'
import { ENTRY_FILE, SLICE_FILE, sliceDirectory } from '../../src-main/shards/models'
import { createShardStore } from '../../src-main/shards/store/shard-store'
import { openDataDirectory } from '../../src-main/storage/data-directory'
import { createEventLog } from '../../src-main/storage/event-log'
import { whyNoPrompt } from '../../src-renderer/words/try'
import { systemClock } from '../../src-shared/clock'
import { EspalierError } from '../../src-shared/errors'
import {
  isVisible,
  type LiveNetwork,
  type LiveNode,
  PATIENCE_MS,
  PATIENT,
  SAMPLE_MODEL,
  startLiveNetwork,
  until,
} from '../live-network'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const CLI = join(ROOT, 'out/main/cli.js')
const run = promisify(execFile)

// One node has the model's file. One has fetched blocks further on, and nothing else. To one the disk does not give the
// tokenizer's file.
let network: LiveNetwork
let first: LiveNode
let later: LiveNode
let without: LiveNode
const servers: ApiServer[] = []
let clients: [OpenAI, OpenAI]
const made: string[] = []

beforeAll(async () => {
  network = await startLiveNetwork({ timings: PATIENT, targetWorkers: 3 })
  first = await network.join()
  await until(first, 'proven', ({ loadLevel }) => loadLevel >= 'L6', PATIENCE_MS)
  const source = join(await temporary(), 'model.gguf')
  await copyFile(SAMPLE_MODEL, source)
  const wishes = { ...FREE_TRANSFERS.wishes(), modelPath: source }
  later = await network.join({ config: { modelPath: null, transfers: { ...FREE_TRANSFERS, wishes: () => wishes } } })
  await until(later, 'fetched', ({ loadLevel }) => loadLevel >= 'L3', PATIENCE_MS)
  await rm(source)
  const data = await openDataDirectory(await temporary())
  const store = createShardStore({ dataDirectory: data.root, clock: systemClock })
  const full = async () => {
    throw new EspalierError('DISK_FULL', 'ENOSPC')
  }
  without = await network.join({ config: { data, store: { ...store, tokenizer: full } } })
  for (const live of [first, later, without]) await until(live, 'visible', isVisible, PATIENCE_MS)
  clients = [await clientOf(first), await clientOf(later)]
}, 2 * PATIENCE_MS)
afterAll(async () => {
  for (const server of servers) await server.close()
  await network?.close()
  for (const directory of made) await rm(directory, { recursive: true, force: true })
})

async function temporary(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'later-blocks-'))
  made.push(directory)
  return directory
}

async function clientOf({ node }: LiveNode): Promise<OpenAI> {
  const log = createEventLog(systemClock, null)
  const server = await startApiServer({ clock: systemClock, log, node: () => node, key: 'sk-live', port: 0 })
  servers.push(server)
  return new OpenAI({ baseURL: server.url, apiKey: 'sk-live', maxRetries: 0 })
}

it('a node that fetched only blocks from further on in a model has the model for programs, and people can ask', async () => {
  const { blocks } = later.node.status()
  const manifest = later.node.running()?.target?.manifest
  if (!blocks || !manifest) throw new Error('no blocks')
  expect(blocks.start).toBeGreaterThan(0)
  const folder = sliceDirectory(later.config.data.root, manifest.root, blocks)
  const files = await readdir(folder)
  expect(files).toContain(SLICE_FILE)
  expect(files).not.toContain(ENTRY_FILE)
  const [whole, end] = await Promise.all(clients.map((client) => client.models.list()))
  expect(end?.data.map(({ id }) => id)).toEqual(whole?.data.map(({ id }) => id))
  expect(end?.data).toHaveLength(1)
  await expect.poll(() => whyNoPrompt(later.node.status())).toBeNull()
})

it('its answers are those of the node with the first block: chat, text, drawn words and JSON', async () => {
  const model = (await clients[0].models.list()).data[0]?.id ?? ''
  const messages = [{ role: 'user' as const, content: 'What is a hacker?' }]
  const asks = [
    (client: OpenAI) => client.chat.completions.create({ model, messages, max_tokens: 16, temperature: 0 }),
    (client: OpenAI) =>
      client.completions.create({ model, prompt: 'A hacker is', max_tokens: 16, seed: 7, temperature: 1.1 }),
    (client: OpenAI) =>
      client.chat.completions.create({
        ...{ model, messages, max_tokens: 16, seed: 1, response_format: { type: 'json_object' as const } },
      }),
  ]
  for (const ask of asks) {
    const [expected, answer] = [await ask(clients[0]), await ask(clients[1])]
    expect(answer.choices).toEqual(expected.choices)
    expect(answer.usage).toEqual(expected.usage)
    expect(answer.usage?.completion_tokens).toBeGreaterThan(5)
  }
})

it('a node whose tokenizer cannot be loaded serves its blocks, and says why nothing can be asked', async () => {
  const status = without.node.status()
  expect(status.blocks?.start).toBeGreaterThan(0)
  expect(status.shape).toBe('visible')
  const cause = expect.stringContaining('ENOSPC')
  expect(status.model?.noTokenizer).toMatchObject({ code: 'TOKENIZER_UNUSABLE', cause })
  expect(whyNoPrompt(status)).toEqual(cause)
  const client = await clientOf(without)
  expect((await client.models.list()).data).toEqual([])
  await expect(client.completions.create({ model: 'any', prompt: 'A' })).rejects.toMatchObject({
    ...{ status: 503, code: 'tokenizer_unusable', message: cause },
  })
})

it('on the command line nobody needs a model file where a node has some of its blocks', async () => {
  await run(process.execPath, [join(ROOT, 'scripts/build-once.mjs')])
  const generate = async (...where: string[]) => {
    const args = ['generate', 'A hacker is', '--coordinator', network.coordinator.url, '--profile', 'local']
    const { stdout } = await run(process.execPath, [CLI, ...args, '--max-tokens', '16', '--json', ...where])
    const { text, tokens } = JSON.parse(stdout) as { text: string; tokens: number }
    return { text, tokens }
  }
  const own = await generate('--data-dir', later.config.data.root)
  expect(own.tokens).toBeGreaterThan(5)
  expect(own).toEqual(await generate('--model-file', SAMPLE_MODEL))
  const nothing = generate('--data-dir', await temporary())
  await expect(nothing).rejects.toMatchObject({ stderr: expect.stringContaining('(SHARD_MISSING)') })
}, 120_000)

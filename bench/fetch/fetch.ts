import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { fetchShard } from '../../src-main/shards/fetch/fetch-shard'
import { type Manifest, piecesFor } from '../../src-main/shards/manifest'
import { fileSource } from '../../src-main/shards/sources/file-source'
import { nodeFileSystem } from '../../src-main/shards/store/file-system'
import { createShardStore } from '../../src-main/shards/store/shard-store'
import { systemClock } from '../../src-shared/clock'
import { manifestOf } from '../../test/models/manifests'
import { type CalledChild, startCalledChild } from '../child-calls'
import { largeModel } from '../pipeline/models'
import type { Row, Say } from '../report'
import { rowOf } from '../report'
import { median, spread } from '../statistics'
import { inTemporaryDirectory } from '../temporary'
import { makeSparseModel } from './sparse-model'

interface Options {
  quick: boolean
  repetitions?: number
  say: Say
}

const MIB = 2 ** 20
const FetchedSchema = z.object({
  ms: z.number(),
  neededBytes: z.number(),
  receivedBytes: z.number(),
  extraBytes: z.number(),
})
const OpenedSchema = z.object({ url: z.string(), addresses: z.array(z.string()) })
const StreamedSchema = z.object({ ms: z.number(), sizeBytes: z.number() })
/** 20 blocks of the sparse model are 4 GB. */
const SPARSE_BLOCKS = 20
const QUICK_SPARSE_BLOCKS = 5

/** Fetching beside what it can't be faster than: server and client are processes of their own on this computer. */
export async function measureFetch({ quick, repetitions = quick ? 3 : 9, say }: Options): Promise<Row[]> {
  return inTemporaryDirectory(async (directory) => {
    say('making the model')
    const { name, path, manifest } = await largeModel(directory)
    const manifestPath = join(directory, 'manifest.json')
    await writeFile(manifestPath, JSON.stringify(manifest))
    const blocks = { start: 0, end: manifest.blockCount }
    const seeding = join(directory, 'seeding')
    const store = createShardStore({ dataDirectory: seeding, clock: systemClock })
    await fetchShard({ manifest, blocks, sources: [fileSource(path, nodeFileSystem)], store, clock: systemClock })

    const server = startCalledChild('fetch-server')
    const client = startCalledChild('fetch-client')
    try {
      const { url, addresses } = await server.call('open', { modelPath: path, dataDirectory: seeding }, OpenedSchema)
      await client.call('connect', { addresses }, z.undefined())
      const target = { manifestPath, directory: join(directory, 'client') }
      const bytes = await bytesRow(name, manifest, server, client, { ...target, url })
      const http = await httpRow(client, { ...target, blocks, url }, manifest, repetitions, say)
      const peer = await peerRow(server, client, { ...target, blocks, url: null }, manifest, repetitions, say)
      return [bytes, http, peer, await memoryRow(directory, quick ? QUICK_SPARSE_BLOCKS : SPARSE_BLOCKS, say)]
    } finally {
      await client.stop()
      await server.stop()
    }
  })
}

interface Target {
  manifestPath: string
  directory: string
  url: string | null
}

async function bytesRow(
  name: string,
  manifest: Manifest,
  server: CalledChild,
  client: CalledChild,
  target: Target,
): Promise<Row> {
  const quarter = manifest.blockCount / 4
  const blocks = { start: quarter, end: 2 * quarter }
  const before = await server.call('sentBytes', null, z.number())
  await client.call('fetch', { ...target, blocks }, FetchedSchema)
  const sent = (await server.call('sentBytes', null, z.number())) - before
  const pieces = piecesFor(manifest, blocks).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  return rowOf(
    {
      name: 'bytes',
      ours: sent / 1e6,
      reference: (pieces + manifest.header.sizeBytes) / 1e6,
      referenceIs: 'the header and the tensors of the assigned blocks',
      unit: 'MB',
      better: 'lower',
      target: 1.02,
      detail: `${name}, blocks ${blocks.start}–${blocks.end - 1} of ${manifest.blockCount}: ${((100 * sent) / manifest.file.sizeBytes).toFixed(1)} % of the file left the server’s sockets, HTTP’s own words included; the header is ${(manifest.header.sizeBytes / 1e6).toFixed(2)} MB`,
    },
    true,
  )
}

async function httpRow(
  client: CalledChild,
  target: Target & { blocks: { start: number; end: number } },
  manifest: Manifest,
  repetitions: number,
  say: Say,
): Promise<Row> {
  const [ours, bare]: [number[], number[]] = [[], []]
  // The first of each warms the caches and is not counted.
  for (let round = 0; round <= repetitions; round++) {
    say(`http ${round} of ${repetitions}`)
    const fetched = await client.call('fetch', target, FetchedSchema)
    const plainMs = await client.call('bareDownload', target, z.number())
    if (round === 0) continue
    ours.push(fetched.neededBytes / fetched.ms / 1e3)
    bare.push(manifest.file.sizeBytes / plainMs / 1e3)
  }
  return rowOf(
    {
      name: 'http',
      ours: median(ours),
      reference: median(bare),
      referenceIs:
        'GET of the same file streamed to disk with node:http and createWriteStream; both end when the bytes are on the disk',
      unit: 'MB/s',
      better: 'higher',
      target: 0.9,
      detail: `hashed and in its place in the slice: ${spread(ours, 0)}; bare: ${spread(bare, 0)}; ${repetitions} interleaved rounds of ${(manifest.file.sizeBytes / 1e6).toFixed(0)} MB`,
    },
    true,
  )
}

async function peerRow(
  server: CalledChild,
  client: CalledChild,
  target: Target & { blocks: { start: number; end: number } },
  manifest: Manifest,
  repetitions: number,
  say: Say,
): Promise<Row> {
  const [ours, bare]: [number[], number[]] = [[], []]
  const [ourCpu, bareCpu]: [number[], number[]] = [[], []]
  const cpu = async () =>
    (await server.call('cpuMs', null, z.number())) + (await client.call('cpuMs', null, z.number()))
  for (let round = 0; round <= repetitions; round++) {
    say(`peer ${round} of ${repetitions}`)
    const start = await cpu()
    const fetched = await client.call('fetch', target, FetchedSchema)
    const between = await cpu()
    const streamed = await client.call('bareStream', target, StreamedSchema)
    const end = await cpu()
    if (round === 0) continue
    ours.push(fetched.neededBytes / fetched.ms / 1e3)
    bare.push(streamed.sizeBytes / streamed.ms / 1e3)
    ourCpu.push(between - start)
    bareCpu.push(end - between)
  }
  return rowOf(
    {
      name: 'peer',
      ours: median(ours),
      reference: median(bare),
      referenceIs:
        'the same bytes on one bare libp2p stream (TCP, Noise, Yamux), written with createWriteStream; both end when the bytes are on the disk',
      unit: 'MB/s',
      better: 'higher',
      target: 0.8,
      detail: `hashed and on the disk: ${spread(ours, 0)}; bare: ${spread(bare, 0)}; processor time of both processes ${median(ourCpu).toFixed(0)} ms against ${median(bareCpu).toFixed(0)} ms; ${repetitions} interleaved rounds of ${(manifest.file.sizeBytes / 1e6).toFixed(0)} MB`,
    },
    true,
  )
}

async function memoryRow(directory: string, blockCount: number, say: Say): Promise<Row> {
  say('making a sparse model')
  const path = join(directory, 'sparse.gguf')
  const sizeBytes = await makeSparseModel(path, blockCount)
  const manifestPath = join(directory, 'sparse.json')
  await writeFile(manifestPath, JSON.stringify(await manifestOf(path)))
  const server = startCalledChild('fetch-server')
  const client = startCalledChild('fetch-client')
  try {
    const { url } = await server.call('open', { modelPath: path, dataDirectory: null }, OpenedSchema)
    say('fetching the sparse model')
    const target = { manifestPath, directory: join(directory, 'sparse'), blocks: { start: 0, end: blockCount }, url }
    const { extraBytes, ms } = await client.call('fetch', { ...target, watchesMemory: true }, FetchedSchema)
    return rowOf(
      {
        name: 'memory-mib',
        ours: extraBytes / MIB,
        reference: 64,
        referenceIs: 'the limit',
        unit: 'MiB',
        better: 'lower',
        target: 1,
        detail: `the client’s resident memory at its highest above what it was before, sampled every 20 ms, while it fetched ${(sizeBytes / 1e9).toFixed(2)} GB by HTTP in ${(ms / 1000).toFixed(1)} s`,
      },
      true,
    )
  } finally {
    await client.stop()
    await server.stop()
  }
}

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fetchPack, installedPack } from './fetch-pack'
import { cudaPack, offeredPack, type Pack, packDirectory, readPackList } from './pack-list'

const FOLDER = 'package/bins/linux-x64-cuda/'
const metadata = JSON.stringify({ buildOptions: { llamaCpp: { release: 'v0.4.0' } } })
const FILES: readonly (readonly [string, string])[] = [
  ['package/package.json', '{}'],
  [`${FOLDER}_nlcBuildMetadata.json`, metadata],
  [`${FOLDER}libggml-base.so`, 'base'.repeat(1000)],
  [`${FOLDER}libggml.cuda.v0.4.0.so`, 'ggml'.repeat(128)],
  [`${FOLDER}libllama.cuda.v0.4.0.so`, ''],
]

let server: Server
let root: string
let served: Buffer
let requests: string[]
/** Ends each answer after so many bytes; 0: never. */
let cutAfter: number

beforeEach(async () => {
  requests = []
  cutAfter = 0
  root = await mkdtemp(join(tmpdir(), 'pack-'))
  server = createServer((request, response) => {
    const [, start = '0', end = '0'] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
    requests.push(request.headers.range ?? '')
    const part = served.subarray(Number(start), Number(end) + 1)
    response.writeHead(206, {
      'content-range': `bytes ${start}-${Number(start) + part.length - 1}/${served.length}`,
      'content-length': part.length,
    })
    if (cutAfter === 0 || part.length <= cutAfter) response.end(part)
    else response.write(part.subarray(0, cutAfter), () => setImmediate(() => response.destroy()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(root, { recursive: true, force: true })
})

function entry(name: string, content: string, type = '0'): Buffer {
  const header = Buffer.alloc(512)
  header.write(name, 0)
  header.write('0000644\0', 100)
  header.write(`${Buffer.byteLength(content).toString(8).padStart(11, '0')}\0`, 124)
  header.write('        ', 148)
  header.write(type, 156)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  const padding = Buffer.alloc((512 - (Buffer.byteLength(content) % 512)) % 512)
  return Buffer.concat([header, Buffer.from(content), padding])
}

/** Serves an archive of these entries and describes it truthfully. */
function offer(entries: readonly Buffer[] = FILES.map(([name, content]) => entry(name, content))): Pack {
  served = gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)]))
  const { port } = server.address() as AddressInfo
  return {
    name: 'linux-x64-cuda',
    version: '3.21.1',
    url: `http://127.0.0.1:${port}/pack.tgz`,
    sizeBytes: served.length,
    integrity: `sha512-${createHash('sha512').update(served).digest('base64')}`,
  }
}
const fetching = (pack: Pack) =>
  fetchPack(pack, { dataRoot: root, signal: new AbortController().signal, allowPrivate: true })

describe('libraries that are fetched on demand', () => {
  it('a pack whose hash is right lies in the data directory, with the libraries and nothing else', async () => {
    const pack = offer()
    const progress: number[] = []
    const directory = await fetchPack(pack, {
      dataRoot: root,
      signal: new AbortController().signal,
      allowPrivate: true,
      onProgress: (done) => void progress.push(done),
    })
    expect(directory).toBe(packDirectory(root, pack))
    expect((await readdir(directory)).toSorted()).toEqual(
      FILES.slice(1)
        .map(([name]) => name.slice(FOLDER.length))
        .toSorted(),
    )
    expect(await readFile(join(directory, 'libggml-base.so'), 'utf8')).toBe('base'.repeat(1000))
    expect(progress.at(-1)).toBe(pack.sizeBytes)
    expect(await readdir(join(root, 'packs'))).toEqual(['linux-x64-cuda-3.21.1'])
    expect(await installedPack(root, pack)).toBe(directory)
  })

  it('one bit that was changed on the way: refused, nothing of it stays, and the next attempt begins anew', async () => {
    const pack = offer()
    const good = Buffer.from(served)
    served[served.length >> 1] = (served[served.length >> 1] ?? 0) ^ 1
    await expect(fetching(pack)).rejects.toMatchObject({ code: 'PACK_TAMPERED' })
    expect(await readdir(join(root, 'packs'))).toEqual([])
    expect(await installedPack(root, pack)).toBeNull()
    served = good
    await fetching(pack)
    expect(await installedPack(root, pack)).not.toBeNull()
  })

  it('a connection that breaks: what came is kept, and only the rest is asked for', async () => {
    const pack = offer()
    cutAfter = 100
    await expect(fetching(pack)).rejects.toMatchObject({ code: expect.stringMatching(/UNREACHABLE|VIOLATION/) })
    cutAfter = 0
    await fetching(pack)
    expect(requests).toEqual([`bytes=0-${pack.sizeBytes - 1}`, `bytes=100-${pack.sizeBytes - 1}`])
  })

  it('another size than the app knows is refused before a byte is kept', async () => {
    const pack = { ...offer(), sizeBytes: served.length - 1 }
    await expect(fetching(pack)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' })
  })

  it.each([
    ['a path upwards', entry(`${FOLDER}../../../evil`, 'x')],
    ['an absolute path', entry('/etc/evil', 'x')],
    ['a path of another system', entry(`${FOLDER}..\\evil`, 'x')],
    ['the same name twice', entry(`${FOLDER}libggml-base.so`, 'other')],
  ])('D-T10: %s is refused although the hash is right', async (_, bad) => {
    const pack = offer([...FILES.map(([name, content]) => entry(name, content)), bad])
    await expect(fetching(pack)).rejects.toMatchObject({ code: 'PACK_TAMPERED' })
    expect(await readdir(join(root, 'packs'))).toEqual([])
    expect(existsSync(join(root, 'evil'))).toBe(false)
  })

  it('links are not followed, and folders below the libraries not made', async () => {
    const extra = [entry(`${FOLDER}link.so`, '', '2'), entry(`${FOLDER}fallback/libggml-cuda.so`, 'x')]
    const pack = offer([...FILES.map(([name, content]) => entry(name, content)), ...extra])
    expect(await readdir(await fetching(pack))).toHaveLength(FILES.length - 1)
  })

  it('libraries of another release are refused', async () => {
    const other = FILES.map(([name, content]) => entry(name, content.replace('v0.4.0', 'v0.5.0')))
    await expect(fetching(offer(other))).rejects.toMatchObject({ code: 'ENGINE_ABI_MISMATCH' })
    expect(await readdir(join(root, 'packs'))).toEqual([])
  })

  it('the list that is shipped names an archive of the pinned version for each system with CUDA', async () => {
    const packs = await readPackList(fileURLToPath(new URL('../../../resources/cuda-packs.json', import.meta.url)))
    expect(cudaPack(packs, 'linux', 'x64')?.name).toBe('linux-x64-cuda')
    expect(cudaPack(packs, 'win32', 'x64')?.name).toBe('win-x64-cuda')
    expect(cudaPack(packs, 'darwin', 'arm64')).toBeNull()
    const { dependencies } = JSON.parse(await readFile('package.json', 'utf8'))
    expect(new Set(packs.map(({ version }) => version))).toEqual(new Set([dependencies['node-llama-cpp']]))
    const found = { nvidiaCards: ['a card'], isInstalled: false }
    expect(offeredPack(packs, found, 'linux', 'x64')?.name).toBe('linux-x64-cuda')
    expect(offeredPack(packs, { ...found, nvidiaCards: [] }, 'linux', 'x64')).toBeNull()
    expect(offeredPack(packs, { ...found, isInstalled: true }, 'linux', 'x64')).toBeNull()
  })

  it('a damaged list is not taken', async () => {
    const path = join(root, 'list.json')
    await writeFile(path, JSON.stringify({ packs: [{ ...offer(), integrity: 'sha512-x' }] }))
    await expect(readPackList(path)).rejects.toThrow()
  })
})

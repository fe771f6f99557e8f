import { fork } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'vite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { temporaryDirectory } from '../models/temporary'
import { sameBytes, serveModel } from './model-server'
import { cutSlice, MEDIUM, madeModel, neededBytes } from './models'

const BLOCKS = { start: 0, end: 8 }
const TENTHS = 10
let model: Awaited<ReturnType<typeof madeModel>>
let script: string
beforeAll(async () => {
  model = await madeModel(MEDIUM)
  const cache = join(process.cwd(), 'node_modules', '.cache')
  await mkdir(cache, { recursive: true })
  const outDir = await mkdtemp(join(cache, 'fetch-child-'))
  afterAll(() => rm(outDir, { recursive: true, force: true }))
  script = join(outDir, 'fetch-child.mjs')
  await build({
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    build: {
      ssr: join(process.cwd(), 'test/shards/fetch-child.ts'),
      outDir,
      target: 'node20',
      rolldownOptions: { output: { format: 'es', entryFileNames: 'fetch-child.mjs' } },
    },
  })
})

it.each(['receiver', 'sender'] as const)(
  'D-T03, S-22: the %s is killed at every tenth; at most a piece each time is fetched again, and the bytes are right',
  async (who) => {
    const home = await temporaryDirectory()
    const manifestPath = join(home, 'manifest.json')
    await writeFile(manifestPath, JSON.stringify(model.manifest))
    // Slow enough that what is on its way when the kill comes is little.
    const server = await serveModel(model.path, { bytesPerSecond: 4e7 })
    const needed = neededBytes(model.manifest, BLOCKS) + model.manifest.header.sizeBytes
    let tenth = 1
    let slicePath: string | null = null
    for (let tries = 0; slicePath === null && tries < 30; tries++) {
      const child = fork(script, [manifestPath, server.url, join(home, 'data'), '0', '8'])
      child.on('message', (path) => {
        slicePath = String(path)
      })
      const timer = setInterval(() => {
        if (tenth >= TENTHS || server.sentBytes < (needed * tenth) / TENTHS) return
        tenth++
        if (who === 'receiver') child.kill('SIGKILL')
        // Every connection of the sender ends with a reset, as when its process is gone; the next request finds it back.
        else server.reset()
      }, 5)
      await new Promise((resolve) => child.once('exit', resolve))
      clearInterval(timer)
      if (who === 'sender') expect(slicePath).not.toBeNull()
    }
    expect(tenth).toBe(TENTHS)
    expect(await sameBytes(slicePath!, (await cutSlice(model.path, model.manifest, BLOCKS)).slicePath)).toBe(true)
    const again = server.sentBytes - needed
    const longest = Math.max(...model.manifest.pieces.map(({ sizeBytes }) => sizeBytes))
    expect(again).toBeLessThanOrEqual((TENTHS - 1) * longest)
  },
)

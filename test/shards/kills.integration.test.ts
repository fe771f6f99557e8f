import { type ChildProcess, fork } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { temporaryDirectory } from '../models/temporary'
import { buildFetchChild, type FetchChildSays } from './fetch-child-script'
import { sameBytes, serveModel } from './model-server'
import { cutSlice, MEDIUM, madeModel, neededBytes } from './models'

const BLOCKS = { start: 0, end: 8 }
let model: Awaited<ReturnType<typeof madeModel>>
let script: string
beforeAll(async () => {
  model = await madeModel(MEDIUM)
  script = await buildFetchChild()
})

it.each([
  { who: 'receiver', kills: 20 },
  { who: 'sender', kills: 9 },
] as const)(
  'D-T03, S-22: the $who is killed $kills times: no verified piece is fetched again, at most one more each time is, and the bytes are right',
  async ({ who, kills }) => {
    const home = await temporaryDirectory()
    const manifestPath = join(home, 'manifest.json')
    await writeFile(manifestPath, JSON.stringify(model.manifest))
    // Slow enough that what is on its way when the kill comes is little.
    const server = await serveModel(model.path, { bytesPerSecond: 4e7 })
    const needed = neededBytes(model.manifest, BLOCKS) + model.manifest.header.sizeBytes
    const { pieces } = model.manifest
    const verified = new Set<number>()
    let killed = 0
    let slicePath: string | null = null
    const kill = (child: ChildProcess) => {
      if (killed >= kills || server.sentBytes < (needed * (killed + 1)) / (kills + 1)) return
      killed++
      if (who === 'receiver') child.kill('SIGKILL')
      // Every connection of the sender ends with a reset, as when its process is gone; the next request finds it back.
      else server.reset()
    }
    for (let life = 0; slicePath === null && life <= kills; life++) {
      const asked = server.requests.length
      const kept = new Set(verified)
      const child = fork(script, [manifestPath, server.url, join(home, 'data'), '0', '8'])
      child.on('message', (said: FetchChildSays) => {
        if ('verified' in said) verified.add(said.verified)
        else slicePath = said.slicePath
      })
      const timer = setInterval(kill, 5, child)
      await new Promise((resolve) => child.once('exit', resolve))
      clearInterval(timer)
      const again = pieces.filter(
        ({ index, offset, sizeBytes }) =>
          kept.has(index) &&
          server.requests.slice(asked).some(({ start, end }) => start < offset + sizeBytes && end >= offset),
      )
      expect(again, `life ${life}`).toEqual([])
    }
    expect(killed).toBe(kills)
    expect(await sameBytes(slicePath!, (await cutSlice(model.path, model.manifest, BLOCKS)).slicePath)).toBe(true)
    const longest = Math.max(...pieces.map(({ sizeBytes }) => sizeBytes))
    expect(server.sentBytes - needed).toBeLessThanOrEqual(kills * longest)
  },
)

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { EXHAUSTING_HEADERS, HOSTILE_HEADERS } from '../../test/models/hostile-headers'
import { temporaryDirectory } from '../../test/models/temporary'
import type { LlamaApi } from './api'
import { loadModel } from './model'

const LIMIT_MS = 200
/**
 * The least of them counts. The first one compiles what it runs, another may meet a collection of somebody else's
 * garbage, and on a computer that is shared a core's time is longer while others use its caches.
 */
const TRIES = 10

/** Whoever asks llama.cpp for anything is found out. */
const untouchable = new Proxy({} as LlamaApi, {
  get: (_, name) => {
    throw new Error(`llama.cpp was asked for ${String(name)}`)
  },
})

/** Of this process, which is what a busy computer leaves alone. */
function processorMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

async function expectRefusal(bytes: Uint8Array, code: string): Promise<void> {
  const path = join(await temporaryDirectory(), 'hostile.gguf')
  await writeFile(path, bytes)
  let tookMs = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < TRIES && tookMs > LIMIT_MS; turn++) {
    const before = processorMs()
    await expect(loadModel(untouchable, path, { gpuLayers: 0 })).rejects.toMatchObject({ code })
    tookMs = Math.min(tookMs, processorMs() - before)
  }
  expect(tookMs).toBeLessThanOrEqual(LIMIT_MS)
}

it.each(HOSTILE_HEADERS)('D-T10: %s: refused before native code, in 200 ms of processor time', (_, bytes, code) =>
  expectRefusal(bytes, code),
)

it.each(EXHAUSTING_HEADERS)('D-T10: %s: refused before native code, in 200 ms of processor time', (_, make, code) =>
  expectRefusal(make(), code),
)

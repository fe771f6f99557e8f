import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { initialAssets, measureBundle } from './bundle-size'
import { isReady } from './hosts'
import { usageOf } from './process-usage'

const PAGE = `<!doctype html><link rel="icon" href="./favicon.svg">
<script type="module" crossorigin src="./assets/index-a1.js"></script>
<link rel="modulepreload" crossorigin href="/assets/react-b2.js">
<link rel="stylesheet" crossorigin href="./assets/index-c3.css">
<a href="https://example.invalid/later.js">later</a>`

test('the first load is what the page names: scripts, preloaded modules and styles, each once', () => {
  expect(initialAssets(PAGE + PAGE)).toEqual(['assets/index-a1.js', 'assets/react-b2.js', 'assets/index-c3.css'])
})

test('sizes are of each file on its own; a chunk that the page does not name is not counted', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-bundle-'))
  try {
    await mkdir(join(folder, 'assets'))
    await writeFile(join(folder, 'index.html'), PAGE)
    for (const name of ['index-a1.js', 'react-b2.js', 'index-c3.css', 'lazy-d4.js']) {
      await writeFile(join(folder, 'assets', name), 'x'.repeat(10_000))
    }
    const assets = await measureBundle(folder)
    expect(assets.map(({ bytes }) => bytes)).toEqual([10_000, 10_000, 10_000])
    for (const { gzippedBytes } of assets) expect(gzippedBytes).toBeLessThan(100)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('only a ready line is one', () => {
  expect(isReady('{"type":"ready","ui":"http://127.0.0.1:1"}')).toBe(true)
  expect(isReady('{"type":"log","message":"ready"}')).toBe(false)
  expect(isReady('ready')).toBe(false)
})

test.skipIf(process.platform !== 'linux')('work shows in the usage of a process', async () => {
  const before = await usageOf(process.pid)
  // Of the processor's time, not of the clock's: beside other programs this one gets little of that.
  const until = process.cpuUsage().user + 60_000
  while (process.cpuUsage().user < until) Math.sqrt(until)
  const after = await usageOf(process.pid)
  expect(after!.busyMs - before!.busyMs).toBeGreaterThan(20)
  expect(after!.residentBytes).toBeGreaterThan(10e6)
})

import '../../src-shared/polyfill'
import { readFile } from 'node:fs/promises'
import { fetchShard } from '../../src-main/shards/fetch/fetch-shard'
import { parseManifest } from '../../src-main/shards/manifest'
import { httpSource } from '../../src-main/shards/sources/http-source'
import { createShardStore } from '../../src-main/shards/store/shard-store'
import { systemClock } from '../../src-shared/clock'

// A node that fetches, to be killed: arguments are manifest, address, data directory and the two block numbers.
const [manifestPath = '', url = '', dataDirectory = '', start = '0', end = '1'] = process.argv.slice(2)
const manifest = parseManifest(await readFile(manifestPath))
const fetched = await fetchShard({
  manifest,
  blocks: { start: Number(start), end: Number(end) },
  sources: [httpSource(url, { allowPrivate: true })],
  store: createShardStore({ dataDirectory, clock: systemClock }),
  clock: systemClock,
  onEvent: (event) => event.type === 'piece-verified' && process.send?.({ verified: event.piece }),
})
process.send?.({ slicePath: fetched.slicePath, longestRssBytes: process.resourceUsage().maxRSS * 1024 })
process.disconnect()

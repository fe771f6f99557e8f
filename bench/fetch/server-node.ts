import { createReadStream, statSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { generateKeyPair } from '@libp2p/crypto/keys'
import * as z from 'zod'
import { createHost } from '../../src-main/network/host'
import { PROFILES } from '../../src-main/network/profiles'
import { servePieces } from '../../src-main/shards/peers/pieces-server'
import { createSeeds } from '../../src-main/shards/peers/seeds'
import { createShardStore } from '../../src-main/shards/store/shard-store'
import { systemClock } from '../../src-shared/clock'
import type { Served } from '../child-calls'
import { cpuMs } from '../cpu-time'
import { serveBareStream } from './bare-stream'

const OpenSchema = z.object({ modelPath: z.string(), dataDirectory: z.nullable(z.string()) })

/** Whoever has the model: a web server and a peer, each beside its bare counterpart. Counts what leaves its sockets. */
export async function serverNode(): Promise<Served> {
  const host = await createHost({
    privateKey: await generateKeyPair('Ed25519'),
    profile: PROFILES.local,
    port: 0,
    kadMode: 'server',
  })
  const sockets = new Set<Socket>()
  let path = ''
  const web = createServer((request, response) => answer(request.headers.range, response))
  web.on('connection', (socket) => sockets.add(socket))
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))

  function answer(range: string | undefined, response: ServerResponse): void {
    const { size } = statSync(path)
    const asked = /^bytes=(\d+)-(\d+)$/.exec(range ?? '')
    const [start, end] = asked ? [Number(asked[1]), Number(asked[2])] : [0, size - 1]
    const headers = { 'content-length': end - start + 1, etag: '"model"' }
    if (asked) response.writeHead(206, { ...headers, 'content-range': `bytes ${start}-${end}/${size}` })
    else response.writeHead(200, headers)
    const file = createReadStream(path, { start, end, highWaterMark: 256 * 1024 })
    file.on('error', () => response.destroy())
    response.on('close', () => file.destroy())
    file.pipe(response)
  }

  return {
    calls: {
      async open(input) {
        const { modelPath, dataDirectory } = OpenSchema.parse(input)
        path = modelPath
        if (dataDirectory !== null) {
          const store = createShardStore({ dataDirectory, clock: systemClock })
          await servePieces(host, { seeds: createSeeds(store), clock: systemClock })
          await serveBareStream(host, modelPath)
        }
        const { port } = web.address() as AddressInfo
        return { url: `http://127.0.0.1:${port}/model.gguf`, addresses: host.getMultiaddrs().map(String) }
      },
      cpuMs: () => cpuMs(),
      sentBytes: () => [...sockets].reduce((sum, { bytesWritten }) => sum + bytesWritten, 0),
    },
    async close() {
      web.closeAllConnections()
      web.close()
      await host.stop()
    },
  }
}

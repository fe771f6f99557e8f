import { createRangeClient, type HttpOptions } from './http-range'
import type { ByteSource } from './source'

/** A model file on a web server that understands Range. What it calls itself (content type, name) is not looked at. */
export function httpSource(address: string, options: HttpOptions = {}): ByteSource {
  const url = new URL(address)
  const client = createRangeClient(options)
  let sizeBytes: number | null = null
  return {
    id: `http:${url.host}${url.pathname}`,
    kind: 'http',
    label: url.host,
    hasHeader: true,
    async open(manifest) {
      sizeBytes = manifest.file.sizeBytes
      // Nothing is asked yet: the first range tells whether the file is the right one, and no request is wasted.
      return null
    },
    async read(request, sink, signal) {
      await client.read(url, { ...request, totalBytes: sizeBytes }, sink, signal)
    },
    close: async () => client.close(),
  }
}

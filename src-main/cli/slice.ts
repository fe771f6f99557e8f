import type { BlockRange } from '../../src-shared/blocks'
import { systemClock } from '../../src-shared/clock'
import { makeSlice } from '../shards/make-slice'
import { readManifest } from '../shards/manifest'
import { onEndSignal } from './until-end'

export async function slice(
  modelPath: string,
  options: { blocks: BlockRange; manifest: string; output: string; json: boolean },
): Promise<void> {
  const manifest = await readManifest(options.manifest)
  const stopping = new AbortController()
  onEndSignal(() => stopping.abort())
  const made = await makeSlice({
    modelPath,
    manifest,
    range: options.blocks,
    directory: options.output,
    clock: systemClock,
    signal: stopping.signal,
    onProgress(done, total) {
      if (!options.json && process.stderr.isTTY)
        process.stderr.write(`\r${Math.floor((100 * done) / total)} % verified`)
    },
  })
  if (!options.json && process.stderr.isTTY) process.stderr.write('\n')
  process.stdout.write(
    options.json
      ? `${JSON.stringify(made)}\n`
      : `${made.wasThere ? 'Already there, hashed again' : 'Made and verified'}: ${made.slicePath}\n${made.sizeBytes} bytes, sha256 ${made.sha256}\n`,
  )
}

import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'vite'
import { afterAll } from 'vitest'

/** Messages of `fetch-child.ts`: each piece as it is verified, and the end. */
export type FetchChildSays = { verified: number } | { slicePath: string; longestRssBytes: number }

/** `fetch-child.ts` as one file that Node runs. Removed after the tests of the file. */
export async function buildFetchChild(): Promise<string> {
  const cache = join(process.cwd(), 'node_modules', '.cache')
  await mkdir(cache, { recursive: true })
  const outDir = await mkdtemp(join(cache, 'fetch-child-'))
  afterAll(() => rm(outDir, { recursive: true, force: true }))
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
  return join(outDir, 'fetch-child.mjs')
}

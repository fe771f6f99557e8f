import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

export interface BuiltChild {
  /** The script to fork. */
  path: string
  remove(): Promise<void>
}

/**
 * Bundles the engine process from source, so that tests run what stands in the files and never a stale build.
 * The bundle lies below node_modules because its native dependencies are resolved from where it lies.
 */
export async function buildEngineChild(): Promise<BuiltChild> {
  const root = fileURLToPath(new URL('../../..', import.meta.url))
  const cache = join(root, 'node_modules', '.cache')
  await mkdir(cache, { recursive: true })
  const directory = await mkdtemp(join(cache, 'engine-child-'))
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    build: {
      ssr: fileURLToPath(new URL('../child/index.ts', import.meta.url)),
      outDir: directory,
      emptyOutDir: false,
      target: 'node20',
      rolldownOptions: { output: { format: 'es', entryFileNames: 'engine-child.mjs' } },
    },
  })
  return {
    path: join(directory, 'engine-child.mjs'),
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}

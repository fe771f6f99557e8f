import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { bundledPackages, outside } from '../../../build/bundled-packages'
import { type AppPaths, appPaths } from '../../app-paths'

export interface BuiltApp {
  readonly paths: AppPaths
  remove(): Promise<void>
}

const source = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))

/**
 * Bundles our scripts from source into a folder that looks like an installed app, so that processes which start
 * further processes run what stands in the files and never a stale build; with their packages, as the product's build
 * does. It lies below node_modules, because native dependencies are resolved from where the bundle lies.
 */
export async function buildApp(): Promise<BuiltApp> {
  const cache = source('node_modules/.cache')
  await mkdir(cache, { recursive: true })
  const root = await mkdtemp(join(cache, 'app-'))
  await writeFile(join(root, 'package.json'), '{"type":"module"}')
  await symlink(source('resources'), join(root, 'resources'))
  await mkdir(join(root, 'out/renderer'), { recursive: true })
  await writeFile(join(root, 'out/renderer/index.html'), '<!doctype html><title>page</title>')
  await build({
    root: source('.'),
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    plugins: [bundledPackages()],
    ssr: { noExternal: true },
    build: {
      ssr: true,
      outDir: join(root, 'out/main'),
      emptyOutDir: false,
      target: 'node20',
      rolldownOptions: {
        external: outside,
        input: {
          cli: source('src-main/cli/index.ts'),
          coordinator: source('src-coordinator/index.ts'),
          'engine-child': source('src-main/engine/child/index.ts'),
        },
        output: { format: 'es', entryFileNames: '[name].js' },
      },
    },
  })
  const own = appPaths()
  const moved = Object.entries(own).map(([name, path]) => [name, path.replace(own.root, root)])
  return {
    paths: Object.fromEntries(moved) as unknown as AppPaths,
    remove: () => rm(root, { recursive: true, force: true }),
  }
}

import { existsSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the app's own files lie: the folder with our package.json, whichever bundle this code ended up in. */
function appRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json')) && existsSync(join(folder, 'resources'))) return folder
    if (folder === dirname(folder)) throw new Error('the app’s folder was not found')
  }
}

export interface AppPaths {
  root: string
  engineChild: string
  cli: string
  coordinator: string
  renderer: string
  dashboard: string
  sampleModel: string
  sampleManifest: string
  /** Libraries that can be fetched on demand. */
  cudaPacks: string
  /** Which country an internet address is registered in. */
  countryTable: string
}

export function appPaths(): AppPaths {
  return appPathsAt(appRoot())
}

/** `root` may lie in a packed app's archive: what llama.cpp opens by path is then beside it, unpacked. */
export function appPathsAt(root: string): AppPaths {
  const models = join(unpacked(root), 'resources/models')
  return {
    root,
    engineChild: join(root, 'out/main/engine-child.js'),
    cli: join(root, 'out/main/cli.js'),
    coordinator: join(root, 'out/main/coordinator.js'),
    renderer: join(root, 'out/renderer'),
    dashboard: join(root, 'out/dashboard'),
    sampleModel: join(models, 'tiny-jargon-8.gguf'),
    sampleManifest: join(models, 'tiny-jargon-8.manifest.json'),
    cudaPacks: join(root, 'resources/cuda-packs.json'),
    countryTable: join(root, 'out/places/country.mmdb'),
  }
}

function unpacked(root: string): string {
  return root.endsWith(`${sep}app.asar`) ? `${root}.unpacked` : root
}

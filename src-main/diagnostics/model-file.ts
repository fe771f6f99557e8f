import { modelShape } from '../shards/architectures'
import { readGgufHeader } from '../shards/gguf-read'
import { readManifest } from '../shards/manifest'
import { verifyModel } from '../shards/verify-model'
import { type CheckDefinition, pass } from './check'

export const modelFile: CheckDefinition = {
  id: 'model-file',
  title: 'Whole model',
  applies: ({ modelPath }) => modelPath !== null,
  async look({ modelPath }) {
    const { architecture, blockCount, name } = modelShape(await readGgufHeader(modelPath ?? ''))
    return pass(`${name ?? modelPath}: ${architecture}, ${blockCount} blocks`)
  },
}

export const manifestFile: CheckDefinition = {
  id: 'manifest',
  title: 'Manifest',
  applies: ({ manifestPath }) => manifestPath !== null,
  async look({ manifestPath, modelPath }, signal) {
    const manifest = await readManifest(manifestPath ?? '')
    const what = `${manifest.name}, ${manifest.blockCount} blocks, root ${manifest.root.slice(0, 16)}…`
    if (modelPath === null) return pass(what)
    const { pieces } = await verifyModel(modelPath, manifest, signal)
    return pass(`${what}; all ${pieces} pieces of the model file match it`)
  },
}

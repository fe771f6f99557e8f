import { stat } from 'node:fs/promises'
import { modelShape } from '../shards/architectures'
import { readGgufHeader } from '../shards/gguf-read'
import { readManifest } from '../shards/manifest'
import { type CheckDefinition, fail, pass } from './check'

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
  async look({ manifestPath, modelPath }) {
    const { name, blockCount, root, file } = await readManifest(manifestPath ?? '')
    const found = modelPath === null ? null : await stat(modelPath).catch(() => null)
    if (found && found.size !== file.sizeBytes) {
      return fail('MANIFEST_MISMATCH', `${modelPath} has ${found.size} bytes, the manifest says ${file.sizeBytes}`)
    }
    return pass(`${name}, ${blockCount} blocks, root ${root.slice(0, 16)}…`)
  },
}

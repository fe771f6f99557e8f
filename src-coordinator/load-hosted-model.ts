import { cuttingRule } from '../src-main/shards/architectures'
import { type Manifest, readManifest } from '../src-main/shards/manifest'
import type { HostedModel } from './hosted-model'

/** Reads and checks a manifest file. Throws MANIFEST_MISSING, MANIFEST_INVALID or ARCH_UNSUPPORTED. */
export async function loadHostedModel(path: string): Promise<HostedModel> {
  const manifest = await readManifest(path)
  return {
    name: manifest.name,
    blockCount: manifest.blockCount,
    period: cuttingRule(manifest.architecture).period,
    quantization: manifest.quantization,
    manifestJson: JSON.stringify(manifest),
    blockBytes: largestBlock(manifest),
    sizeBytes: manifest.file.sizeBytes,
  }
}

function largestBlock({ pieces }: Manifest): number {
  const sizes = new Map<number, number>()
  for (const { block, sizeBytes } of pieces) {
    if (block !== null) sizes.set(block, (sizes.get(block) ?? 0) + sizeBytes)
  }
  return Math.max(...sizes.values())
}

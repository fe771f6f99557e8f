import { join } from 'node:path'
import type { CatalogueView } from '../../src-shared/file-views'
import { readCatalogue } from '../shards/catalogue/catalogue'
import { readManifest } from '../shards/manifest'

/**
 * The catalogue that comes with the app. What is bundled says what its bytes are; a link only says where a model is, and
 * a coordinator that hosts it has the manifest. Throws MANIFEST_INVALID for a damaged installation.
 */
export async function catalogueView(resourcesDirectory: string): Promise<CatalogueView> {
  const models = await readCatalogue(resourcesDirectory)
  return {
    models: await Promise.all(
      models.map(async ({ name, summary, architecture, page, bundled, gated }) => {
        const manifest = bundled && (await readManifest(join(resourcesDirectory, bundled.manifest)))
        return {
          name,
          summary,
          architecture,
          page,
          isGated: gated,
          manifest: manifest && {
            root: manifest.root,
            blockCount: manifest.blockCount,
            sizeBytes: manifest.file.sizeBytes,
            quantization: manifest.quantization.slice(0, 40),
          },
        }
      }),
    ),
  }
}

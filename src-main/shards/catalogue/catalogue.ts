import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { EspalierError, messageOf } from '../../../src-shared/errors'
import { SUPPORTED_ARCHITECTURES } from '../architectures'

const MAX_CATALOGUE_BYTES = 2 ** 20
/** A file below `resources/`: nothing in the catalogue can point anywhere else. */
const resource = z
  .string()
  .max(200)
  .regex(/^(?!.*\.\.)[A-Za-z0-9_./-]+$/)
  .refine((path) => !path.startsWith('/'), 'an absolute path')

const CatalogueModelSchema = z.object({
  name: z.string().min(1).max(100),
  summary: z.string().max(300),
  architecture: z
    .string()
    .refine((name) => SUPPORTED_ARCHITECTURES.includes(name), 'an architecture that is not supported'),
  /** Where people read about it and get the file; null for what is bundled. */
  page: z.url({ protocol: /^https$/ }).nullable(),
  /** Model and manifest that come with the app. Null: the manifest comes from the coordinator that hosts the model. */
  bundled: z.object({ model: resource, manifest: resource }).nullable(),
  /** The publisher asks for agreement, and the download for a token. */
  gated: z.boolean(),
})
export type CatalogueModel = z.infer<typeof CatalogueModelSchema>

const CatalogueSchema = z.object({ version: z.literal(1), models: z.array(CatalogueModelSchema).max(200) })

/**
 * Models to choose from. Only what is bundled can be verified by itself: a link says where a model is, not what its
 * bytes are. Throws MANIFEST_INVALID when the file is damaged.
 */
export async function readCatalogue(resourcesDirectory: string): Promise<CatalogueModel[]> {
  const path = join(resourcesDirectory, 'catalogue.json')
  try {
    const bytes = await readFile(path)
    if (bytes.byteLength > MAX_CATALOGUE_BYTES) throw new Error('it is too long')
    return CatalogueSchema.parse(JSON.parse(bytes.toString('utf8'))).models
  } catch (error) {
    throw new EspalierError('MANIFEST_INVALID', `${path} (${messageOf(error)})`, { cause: error })
  }
}

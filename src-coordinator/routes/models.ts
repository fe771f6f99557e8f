import type { FastifyPluginAsync } from 'fastify'
import { z } from 'zod'
import { EspalierError } from '../../src-shared/errors'
import { manifestPath } from '../hosted-model'
import { validated } from '../security/http-guards'
import type { RouteOptions } from './route-context'

const ModelParamsSchema = z.object({ name: z.string().min(1).max(200) })

/** Which models are hosted, and their manifests byte for byte. */
export const modelRoutes: FastifyPluginAsync<RouteOptions> = async (app, { context }) => {
  const { models, manifestHashes } = context
  const documents = models.map((model) => ({
    name: model.name,
    total_layers: model.blockCount,
    period: model.period,
    quantization: model.quantization,
    manifest_url: manifestPath(model.name),
    manifest_sha256: manifestHashes.get(model.name),
    x_size_bytes: model.sizeBytes,
    x_block_bytes: model.blockBytes,
  }))
  app.get('/models', async () => ({ models: documents }))
  app.get('/models/:name/manifest', async (request, reply) => {
    const { name } = validated(ModelParamsSchema, request.params)
    const model = models.find((candidate) => candidate.name === name)
    if (!model) {
      reply.code(404)
      return { error: new EspalierError('MANIFEST_MISSING', name).report() }
    }
    return reply.type('application/json').send(model.manifestJson)
  })
}

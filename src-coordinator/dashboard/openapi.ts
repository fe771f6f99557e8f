import swagger from '@fastify/swagger'
import type { FastifyInstance, FastifySchema } from 'fastify'
import { z } from 'zod'
import { ERROR_CATALOGUE, type ErrorCode } from '../../src-shared/error-catalogue'
import { VERSION } from '../../src-shared/version'
import { STATUS_OF } from '../security/http-guards'
import { OPERATIONS, type Operation } from './openapi-operations'

/**
 * Collects every route that is added later into one OpenAPI document; `app.swagger()` gives it. Bodies are still
 * checked by the routes themselves, with the same zod schemas that the document is made from.
 */
export async function addOpenApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Espalier coordinator',
        version: VERSION,
        description:
          'Registers and approves the workers of a shared language-model network and assigns their blocks. ' +
          'Fields that begin with x_ are additions of this implementation.',
      },
      components: {
        securitySchemes: { admin: { type: 'http', scheme: 'bearer', description: 'The host’s admin token' } },
      },
    },
    transform: ({ url, route }) => {
      const method = String(Array.isArray(route.method) ? route.method[0] : route.method)
      const operation = OPERATIONS[`${method} ${url}`]
      return { url, schema: operation ? schemaOf(operation, `${method} ${url}`) : {} }
    },
  })
}

function schemaOf(operation: Operation, name: string): FastifySchema {
  const { tag, summary, params, query, body, reply, contentType, errors, isAdmin, status = 200 } = operation
  return {
    tags: [tag],
    summary,
    operationId: name
      .toLowerCase()
      .replaceAll(/[^a-z]+/g, '-')
      .replaceAll(/^-|-$/g, ''),
    ...(params ? { params: jsonSchema(params) } : {}),
    ...(query ? { querystring: jsonSchema(query) } : {}),
    ...(body ? { body: jsonSchema(body) } : {}),
    ...(isAdmin ? { security: [{ admin: [] }] } : {}),
    response: {
      [status]: {
        description: summary,
        content: { [contentType ?? 'application/json']: { schema: jsonSchema(reply) } },
      },
      ...errorResponses(errors),
    },
  }
}

/** What callers write, before it is cleaned. */
function jsonSchema(schema: z.ZodType): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return rest
}

function errorResponses(errors: Operation['errors']): Record<string, object> {
  const codesOf = new Map<number, ErrorCode[]>()
  for (const code of errors) {
    const status = STATUS_OF[code] ?? 500
    codesOf.set(status, [...(codesOf.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...codesOf].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `${code}: ${ERROR_CATALOGUE[code].cause}`).join('; '),
        content: { 'application/json': { schema: jsonSchema(errorSchema(codes)) } },
      },
    ]),
  )
}

function errorSchema(codes: readonly ErrorCode[]): z.ZodType {
  return z.object({ error: z.object({ code: z.enum(codes), cause: z.string(), action: z.string() }) })
}

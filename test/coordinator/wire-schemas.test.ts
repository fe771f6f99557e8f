import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { DecisionsQuerySchema } from '../../src-coordinator/routes/decisions'
import { RecentQuerySchema, UsageLogSchema, UserRegistrationSchema } from '../../src-coordinator/routes/usage'
import {
  DecisionBodySchema,
  WorkerHeartbeatSchema,
  WorkerRegistrationSchema,
} from '../../src-main/coordinator/coordinator-wire'

describe('the schemas that worker and coordinator share', () => {
  it('C-45: have not drifted from what is checked in', async () => {
    const schemas = {
      WorkerRegistration: WorkerRegistrationSchema,
      WorkerHeartbeat: WorkerHeartbeatSchema,
      Decision: DecisionBodySchema,
      UserRegistration: UserRegistrationSchema,
      UsageLog: UsageLogSchema,
      RecentQuery: RecentQuerySchema,
      DecisionsQuery: DecisionsQuerySchema,
    }
    const described = Object.fromEntries(
      Object.entries(schemas).map(([name, schema]) => [
        name,
        z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
      ]),
    )
    await expect(`${JSON.stringify(described, null, 2)}\n`).toMatchFileSnapshot('wire-schemas.snapshot.json')
  })

  it('C-05, C-07, C-09: the documented fields are the required ones', () => {
    const required = (schema: z.ZodType) => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }).required
    expect(required(WorkerRegistrationSchema)).toEqual([
      'worker_id',
      'nickname',
      'hardware_type',
      'device_name',
      'vram_gb',
    ])
    expect(required(WorkerHeartbeatSchema)).toEqual(['worker_id', 'tokens_served_since_last', 'status'])
    expect(required(UsageLogSchema)).toEqual(['user_id', 'prompt_tokens', 'completion_tokens', 'worker_ids'])
  })
})

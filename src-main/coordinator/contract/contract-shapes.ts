import { z } from 'zod'
import { plainText } from '../plain-text'
import type { RawAnswer } from './contract-caller'

// The document's fields and nothing else. Whatever a coordinator adds is its own matter.

const layer = z.number().nullable()
const layers = {
  layers_start: layer,
  layers_end: layer,
  model_name: z.string().nullable(),
  initial_peers: z.array(z.string()),
  is_idle: z.boolean(),
}

export const AnyObject = z.record(z.string(), z.unknown())
export const Assignment = z.object({ ...layers, status: z.string().min(1) })
export const BeatAnswer = z.object({
  layers_start: layer.optional(),
  layers_end: layer.optional(),
  worker_status: z.string().min(1),
})
export const Network = z.object({
  model_name: z.string().nullable(),
  total_layers: z.int().min(0),
  bootstrap_peers: z.array(z.string()),
  online_workers: z.int().min(0),
  coverage_percent: z.number().min(0).max(100),
  ready_for_inference: z.boolean(),
})
const Worker = z.looseObject({ status: z.string() })
export const WorkerList = z.union([
  z.array(Worker),
  z.object({ workers: z.array(Worker) }).transform((body) => body.workers),
])
export const UsageList = z.union([
  z.array(AnyObject),
  AnyObject.transform((body, context) => {
    const list = Object.values(body).find(Array.isArray)
    if (list) return list as unknown[]
    context.addIssue({ code: 'custom', message: 'holds no list' })
    return z.NEVER
  }),
])

/** The answer's body in the shape that was promised. Throws an Error in plain words. */
export function bodyAs<S extends z.ZodType>(answer: RawAnswer, shape: S): z.output<S> {
  if (answer.status < 200 || answer.status > 299) throw new Error(`${answer.call}: HTTP ${answer.status}, not 2xx`)
  if (answer.json === undefined)
    throw new Error(`${answer.call}: not JSON (${plainText(answer.contentType, 60) || 'no content type'})`)
  const parsed = shape.safeParse(answer.json)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.slice(0, 3).map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`)
  throw new Error(`${answer.call}: ${plainText(issues.join('; '), 300)}`)
}

/** Throws unless the call was refused for what the caller did (HTTP 4xx). */
export function expectRefusal(answer: RawAnswer, ...statuses: number[]): void {
  const isRefusal =
    statuses.length === 0 ? answer.status >= 400 && answer.status < 500 : statuses.includes(answer.status)
  if (!isRefusal) throw new Error(`${answer.call}: HTTP ${answer.status}, not ${statuses.join(' or ') || '4xx'}`)
}

export function expectThat(condition: boolean, otherwise: string): void {
  if (!condition) throw new Error(otherwise)
}

import { type SamplingWish, SamplingWishSchema } from '../src-shared/generation'
import { typedDecimal } from './typed-number'

export type SamplingField = 'temperature' | 'topP' | 'topK' | 'minP' | 'repeatPenalty' | 'seed'

/** What stands in the fields, as typed; empty is off, or for the seed: another one each time. */
export type SamplingForm = Readonly<Record<SamplingField, string>>

export const SAMPLING_FIELDS = [
  'temperature',
  'topP',
  'topK',
  'minP',
  'repeatPenalty',
  'seed',
] as const satisfies readonly SamplingField[]

export const PLAIN_FORM: SamplingForm = { temperature: '0', topP: '', topK: '', minP: '', repeatPenalty: '', seed: '' }

export interface ReadSampling {
  /** Undefined for the likeliest word each time. */
  wish: SamplingWish | undefined
  /** Fields whose text the contract would refuse. */
  problems: ReadonlySet<SamplingField>
}

/** Checks with the contract's own schema, so that the page and the node agree on what is valid. */
export function readSampling(form: SamplingForm): ReadSampling {
  const problems = new Set<SamplingField>()
  const values = new Map<SamplingField, number>()
  for (const field of SAMPLING_FIELDS) {
    const text = form[field].trim()
    if (text === '') continue
    const value = typedDecimal(text)
    if (SamplingWishSchema.shape[field].safeParse(value).success) values.set(field, value)
    else problems.add(field)
  }
  const wish = SamplingWishSchema.safeParse({ temperature: 0, ...Object.fromEntries(values) })
  if (!wish.success || problems.size > 0) return { wish: undefined, problems }
  const { temperature, repeatPenalty = 1 } = wish.data
  return { wish: temperature === 0 && repeatPenalty === 1 ? undefined : wish.data, problems }
}

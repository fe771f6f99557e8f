import { InvalidArgumentError } from 'commander'
import type { BlockRange } from '../../src-shared/blocks'
import { messageOf } from '../../src-shared/errors'
import { SettingsSchema } from '../../src-shared/settings'
import { readProfileFile } from '../network/profile-file'
import { type NetworkProfile, PROFILES } from '../network/profiles'

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Not a whole number.')
  return Number(text)
}

export function decimal(text: string): number {
  if (/^-\d/.test(text)) throw new InvalidArgumentError('Must be 0 or more.')
  if (!/^\d{1,6}(\.\d{1,6})?$/.test(text)) throw new InvalidArgumentError('Not a number.')
  return Number(text)
}

/** A whole number within limits, both of them allowed; `orZero` lets the system choose. */
export function numberWithin(from: number, to: number, { orZero = false } = {}): (text: string) => number {
  return (text) => {
    const value = wholeNumber(text)
    if ((orZero && value === 0) || (value >= from && value <= to)) return value
    throw new InvalidArgumentError(`Must be ${orZero ? '0 or ' : ''}between ${from} and ${to}.`)
  }
}

/** Every number that `generate` draws by itself can be given back to it. */
export function seed(text: string): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (!(value <= 0xffff_ffff)) throw new InvalidArgumentError('Must be a whole number between 0 and 4294967295.')
  return value
}

/** A network is asked gently; the demo, on one computer, is what looks once a second. */
export const lookInterval = numberWithin(1, 86_400)

/** Of this computer; 0 takes a free one. */
export const port = numberWithin(0, 65_535)

export function publicName(text: string): string {
  const name = SettingsSchema.shape.publicName.safeParse(text)
  if (!name.success) throw new InvalidArgumentError(name.error.issues[0]?.message ?? 'Not a name.')
  return name.data
}

/** `3:6` is [3, 6), half-open as everywhere in code and on wires. */
export function blockRange(text: string): BlockRange {
  const match = /^(\d{1,4}):(\d{1,4})$/.exec(text)
  const range = { start: Number(match?.[1]), end: Number(match?.[2]) }
  if (!match || range.end <= range.start)
    throw new InvalidArgumentError('Write START:END, for example 3:6 for blocks 3, 4 and 5.')
  return range
}

/** The name of a network that is shipped, or a JSON file that changes one of them. */
export function profileNamed(text: string): NetworkProfile {
  if (text.endsWith('.json')) {
    try {
      return readProfileFile(text)
    } catch (error) {
      throw new InvalidArgumentError(messageOf(error))
    }
  }
  const profile = Object.values(PROFILES).find(({ name }) => name === text)
  if (!profile) throw new InvalidArgumentError(`One of: ${Object.keys(PROFILES).join(', ')}; or a .json file.`)
  return profile
}

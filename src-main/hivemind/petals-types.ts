import { EspalierError } from '../../src-shared/errors'
import { Float, type MsgpackMap, type MsgpackValue, Tuple } from './msgpack'

// How Petals' validator reads the fields of a record: strict about numbers (an integer is not a float, nor the other
// way round, and a boolean is neither), lenient about text and booleans, as its library is by default.

type Read = MsgpackValue | undefined

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const TRUE_WORDS = ['1', 'on', 't', 'true', 'y', 'yes']
const FALSE_WORDS = ['0', 'off', 'f', 'false', 'n', 'no']

export function invalid(detail: string): EspalierError {
  return new EspalierError('PROTOCOL_VIOLATION', `a record that readers drop: ${detail}`)
}

function isNone(value: Read): value is null | undefined {
  return value === null || value === undefined
}

export function asOptionalCount(value: Read, name: string): number | null {
  if (isNone(value)) return null
  if (typeof value !== 'number' || value < 0) throw invalid(`${name} is not a count`)
  return value
}

export function asRate(value: Read, name: string): number {
  if (!(value instanceof Float) || !Number.isFinite(value.value) || value.value < 0) {
    throw invalid(`${name} is not a float ≥ 0`)
  }
  return value.value
}

export function asOptionalRate(value: Read, name: string): number | null {
  return isNone(value) ? null : asRate(value, name)
}

/** An enumeration is looked up by equality, and there 2.0 and True are numbers, too. */
export function wholeNumber(value: Read): number | null {
  const number = value instanceof Float ? value.value : typeof value === 'boolean' ? Number(value) : value
  return typeof number === 'number' && Number.isInteger(number) ? number : null
}

export function asOptionalText(value: Read, name: string): string | null {
  return isNone(value) ? null : asText(value, name)
}

function asText(value: Read, name: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint') return `${value}`
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (value instanceof Float) return `${value.value}`
  if (value instanceof Uint8Array) {
    try {
      return utf8.decode(value)
    } catch {
      throw invalid(`${name} is not text`)
    }
  }
  throw invalid(`${name} is not text`)
}

export function asOptionalBool(value: Read, name: string): boolean | null {
  if (isNone(value)) return null
  if (typeof value === 'boolean') return value
  const word = asText(value, name).toLowerCase()
  if (TRUE_WORDS.includes(word)) return true
  if (FALSE_WORDS.includes(word)) return false
  throw invalid(`${name} is not a boolean`)
}

export function asTexts(value: Read, name: string): string[] {
  if (value === undefined) return []
  const items = value instanceof Tuple ? value.items : value
  if (!Array.isArray(items)) throw invalid(`${name} is not a list`)
  return (items as MsgpackValue[]).map((item) => asText(item, name))
}

export function asPings(value: Read, name: string): Map<string, number> | null {
  if (isNone(value)) return null
  if (!(value instanceof Map)) throw invalid(`${name} is not a map`)
  const pings = new Map<string, number>()
  for (const [peer, seconds] of value as MsgpackMap) {
    // Infinity is allowed, NaN is not.
    if (!(seconds instanceof Float) || !(seconds.value >= 0)) throw invalid(`${name} holds no float ≥ 0`)
    pings.set(peer, seconds.value)
  }
  return pings
}

/** For tests: requests that are broken in many ways, the same for the same seed. */
export interface MalformedRequests {
  chance(probability: number): boolean
  pathPart(): string
  query(names: readonly string[]): string
  headers(): Record<string, string>
  body(valid: object): { type: string; bytes: Buffer } | null
}

const STRINGS = [
  '',
  ' ',
  'w1',
  'online',
  '../../etc/passwd',
  "'; DROP TABLE workers; --",
  '<img src=x onerror=alert(1)>',
  '\u0000',
  '\ud800',
  '\u202e',
  '\u001b[31m',
  'ünïcödé',
  '🙂',
  'NaN',
  '1e999',
  'null',
  'true',
  'x'.repeat(300),
  'x'.repeat(20_000),
]
const NUMBERS = [0, -0, -1, 1, 0.5, 1e308, -1e308, 2 ** 53, 2 ** 31, 10_001, 4_294_967_296, 1e-7]
const TYPES = [
  'application/json',
  'application/json',
  'application/json',
  'application/json; charset=utf-8',
  'application/json; charset=utf-16',
  'text/plain',
  'text/html',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'nonsense',
]

export function randomOf(seed: number): MalformedRequests {
  let state = seed >>> 0
  const next = () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const pick = <T>(list: readonly T[]): T => {
    const chosen = list[Math.floor(next() * list.length)]
    if (chosen === undefined) throw new Error('an empty list')
    return chosen
  }
  const chance = (probability: number) => next() < probability

  function value(depth: number): unknown {
    const kind = next()
    if (kind < 0.35) return pick(STRINGS)
    if (kind < 0.6) return pick(NUMBERS)
    if (kind < 0.75) return pick([null, true, false])
    if (depth > 3) return []
    if (kind < 0.88) return Array.from({ length: Math.floor(next() * 5) }, () => value(depth + 1))
    return Object.fromEntries(Array.from({ length: Math.floor(next() * 4) }, () => [pick(STRINGS), value(depth + 1)]))
  }

  function jsonText(valid: object): string {
    const kind = next()
    if (kind < 0.12) return JSON.stringify(value(0)) ?? ''
    const fields = Object.entries(valid)
    if (kind < 0.7 && fields.length > 0) {
      const [broken] = pick(fields)
      return JSON.stringify({ ...valid, [broken]: value(0) })
    }
    const text = JSON.stringify(valid)
    if (kind < 0.76) return text.slice(0, Math.floor(next() * text.length))
    if (kind < 0.8) return `${text.slice(0, -1)}${text.length > 2 ? ',' : ''}"__proto__":{"polluted":true}}`
    if (kind < 0.83)
      return `${text.slice(0, -1)}${text.length > 2 ? ',' : ''}"constructor":{"prototype":{"polluted":true}}}`
    if (kind < 0.86) return '['.repeat(Math.floor(next() * 5_000))
    if (kind < 0.89) return `${text}${text}`
    if (kind < 0.92) return text.replaceAll('"', "'")
    if (kind < 0.94) return ''
    return `\ufeff${text}`
  }

  return {
    chance,
    pathPart: () =>
      encodeURIComponent(chance(0.2) ? 'w1' : pick(STRINGS).replaceAll(/[\ud800-\udfff]/g, '?')).slice(0, 700) || '%00',
    query: (names) =>
      chance(0.5)
        ? ''
        : `?${pick(names)}=${pick(['1', '-1', '1e9', 'NaN', '%00', '%F0%28', '', 'F16', "'", '9'.repeat(40)])}${chance(0.2) ? '&count=1&count=2' : ''}`,
    headers(): Record<string, string> {
      if (chance(0.8)) return {}
      const name = pick([
        'authorization',
        'x-espalier-key',
        'x-espalier-signature',
        'x-espalier-nonce',
        'accept',
        'origin',
        'last-event-id',
      ])
      return {
        [name]: pick([
          '',
          'Bearer',
          'Bearer \t',
          'x'.repeat(2_000),
          '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN',
          '%00',
        ]),
      }
    },
    body(valid) {
      if (chance(0.02)) return null
      const bytes = Buffer.from(jsonText(valid))
      if (chance(0.1) && bytes.length > 0) bytes[Math.floor(next() * bytes.length)] = Math.floor(next() * 256)
      return { type: pick(TYPES), bytes }
    },
  }
}

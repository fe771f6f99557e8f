import { reachOf } from '../../coordinator/address-policy'

/** A text that is known to be private, and the word that stands in its place: `home`, `user name`. */
export interface KnownSecret {
  word: string
  value: string
  /** One of several under this word, which are told apart by a number. */
  isOneOfMany?: true
}

export interface Redactor {
  clean(text: string): string
  /** What was taken out so far, and how many different ones; for the preview. */
  takenOut(): { what: string; count: number }[]
}

/** Shorter ones would be found in the middle of ordinary words. */
const SHORTEST_SECRET = 3
/** Names of accounts that say nothing about anybody, and are words of the log. */
const NOBODY = new Set(['root', 'user', 'admin', 'node', 'espalier', 'localhost', 'administrator'])
/** Addresses of protocols look like paths, and are what support wants to read. */
const OWN_PATHS = 'workers|network|models|users|v1|hivemind|espalier|ipfs|kwaai|healthz|metrics|dashboard'

interface Rule {
  word: string
  pattern: RegExp
  /** What of it may stay; without it nothing does. */
  write?: (found: string, name: (secret: string) => string) => string
}

const IP4 = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)/g
const IP6 =
  /(?<![\w:.])(?:(?:[\da-f]{1,4}:){7}[\da-f]{1,4}|(?:[\da-f]{1,4}(?::[\da-f]{1,4}){0,6})?::(?:[\da-f]{1,4}(?::[\da-f]{1,4}){0,6})?)(?![\w:])/gi

/** Of a path or an address, where an earlier rule may have written a name with a space: `‹user name›`. */
const PIECE = `(?:‹[^›\\n]*›|[^\\s;,)“”"'‹])`
/** Also of an ending, so that a path ends before the words that follow it. */
const FOLDER_WORD = `(?:‹[^›\\n]*›|[^\\s:;,)“”"'‹/\\\\])+`
/**
 * A path goes on behind a space where a separator follows, or the name of a file: rather a word too many than a folder's
 * name. It does not behind a colon, the end of a sentence or of a file's name.
 */
const SPACED =
  `(?:(?<![:!?.]|\\.[a-z]{2,8})(?: ${FOLDER_WORD}){1,4}[\\\\/]${PIECE}*)*` +
  `(?:(?<![:!?.]|\\.[a-z]{2,8})(?: ${FOLDER_WORD}){0,4}\\.(?:gguf|pem|crt|cer|key|json|txt|log|bin|safetensors)\\b)?`
const OWN = `(?!(?:${OWN_PATHS}|ip4|ip6|dns|dns4|dns6|dnsaddr)\\b)`
const PATH_START = `(?:‹(?:home|data directory)›[\\\\/]|~[\\\\/]|[A-Za-z]:[\\\\/]|\\\\{2,}|/${OWN}(?=[^\\s/]))`

/** In this order: what opens something first, then who, then where. */
const RULES: readonly Rule[] = [
  { word: 'invite', pattern: /\b(?:espalier|hntoken):\/\/[^\s"'<>)]+/gi },
  { word: 'token', pattern: /\beyJ[\w-]{6,}(?:\.[\w-]+){1,4}/g },
  { word: 'token', pattern: /\b(?:hf_|sk-|ghp_|xox[bp]-)[\w-]{8,}/g },
  { word: 'token', pattern: /(?<=\bauthorization["']?\s*[:=]\s*["']?\w+\s+)[^\s"',;]{4,}/gi },
  { word: 'token', pattern: /(?<=\b[Bb]asic\s+)(?=[\w+/]*[A-Z\d])[\w+/]{6,}={0,2}/g },
  { word: 'token', pattern: /(?<=\bBearer\s+)[\w.~+/-]{6,}=*/gi },
  {
    word: 'token',
    pattern: /(?<=\b(?:token|secret|password|passwd|api[_-]?key|apikey)["']?\s*[=:]\s*["']?)[^\s"'&,;]{4,}/gi,
  },
  { word: 'key', pattern: /-----BEGIN [A-Z ]+-----[\s\S]*?(?:-----END [A-Z ]+-----|$)/g },
  {
    word: 'web address',
    pattern: /\b(?:https?|wss?):\/\/(?:‹[^›\n]*›|[^\s"'<>)”‹])+/gi,
    write: writeUrl,
  },
  // What a host calls an invite is mostly a person's name, and may hold anything.
  { word: 'invite’s label', pattern: /(?<=\bInvited: )[^\n]+/g },
  { word: 'other node', pattern: /(?<=\b(?:name|yours is) “)[^”\n]+(?=”)/g },
  {
    word: 'path',
    pattern: new RegExp(`${["'", '"', '`'].map((quote) => quoted(quote, quote)).join('|')}|${quoted('“', '”')}`, 'g'),
  },
  {
    word: 'web address',
    pattern: new RegExp(`\\b[a-z][a-z\\d+-]{1,20}://${PIECE}+${SPACED}`, 'gi'),
    write: writeUrl,
  },
  { word: 'peer', pattern: /\b(?:12D3KooW|16Uiu2HA|Qm)[1-9A-HJ-NP-Za-km-z]{30,}/g },
  { word: 'e-mail', pattern: /[\p{L}\p{N}_.+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/gu },
  { word: 'id', pattern: /\b[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}\b/gi },
  { word: 'hash', pattern: /\b[\da-f]{32,}\b/gi },
  {
    word: 'name',
    pattern: /(?<=\/dns(?:4|6|addr)?\/)[^\s/;,)]+/g,
    write: (host, name) => (host === 'localhost' ? host : name(host)),
  },
  { word: 'MAC address', pattern: /(?<![\w:])(?:[\da-f]{2}[:-]){5}[\da-f]{2}(?![\w:])/gi },
  { word: 'address', pattern: IP4, write: writeAddress },
  { word: 'address', pattern: IP6, write: writeAddress },
  {
    word: 'path',
    pattern: new RegExp(
      `(?:‹home›|~|(?<![\\w.›])[A-Za-z]:)[\\\\/]${PIECE}*${SPACED}|(?<![\\w\\\\])\\\\{2,}${PIECE}+${SPACED}`,
      'g',
    ),
  },
  {
    word: 'path',
    pattern: new RegExp(
      `(?<![\\w.:›/])/${OWN}(?:‹[^›\\n]*›|[^\\s;,)“”"'/‹])+(?:/|(?= ${FOLDER_WORD}/))${PIECE}*${SPACED}`,
      'g',
    ),
  },
  // Where a system says which name it could not find, and a name with a port, which is no line of a program's file.
  { word: 'host', pattern: /(?<=\b(?:ENOTFOUND|EAI_AGAIN|ENODATA|ESERVFAIL)\s+)(?!‹)[^\s;:,)]+/g },
  {
    word: 'host',
    pattern: /(?<![\w@./\\-])(?:[a-z\d-]+\.)+(?!(?:[cm]?[jt]sx?|json|gguf):)[a-z]{2,24}(?=:\d{2,5}\b)/gi,
  },
  // What is left and looks like neither a word nor a number: keys that nobody told us about.
  { word: 'secret', pattern: /(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{24,}(?![\w-])/g },
  // The same in base64, where a slash or a plus may stand anywhere.
  {
    word: 'secret',
    pattern: /(?<![\w+/-])(?=[\w+/]*\d)(?=[\w+/]*[a-z])(?=[\w+/]*[A-Z])[\w+/]{40,}={0,2}/g,
  },
]

/**
 * Takes out what says who or where somebody is, and what opens anything. The same thing gets the same name all the
 * way through (`‹peer 2›`), so that a story can still be followed. Loopback addresses stay: they say nothing.
 */
export function createRedactor(known: readonly KnownSecret[] = []): Redactor {
  const names = new Map<string, string>()
  const counts = new Map<string, number>()
  const exact = known
    .filter(({ value }) => value.length >= SHORTEST_SECRET && !NOBODY.has(value.toLowerCase()))
    .toSorted((a, b) => b.value.length - a.value.length)
    .map((secret) => ({ ...secret, pattern: patternOf(secret.value) }))

  function nameOf(word: string, found: string): string {
    const key = `${word} ${found.toLowerCase()}`
    const name = names.get(key)
    if (name !== undefined) return name
    const count = (counts.get(word) ?? 0) + 1
    counts.set(word, count)
    const isOneOfAKind = exact.some((secret) => secret.word === word && !secret.isOneOfMany)
    const made = isOneOfAKind ? `‹${word}›` : `‹${word} ${count}›`
    names.set(key, made)
    return made
  }

  return {
    clean(text) {
      const withoutKnown = exact.reduce(
        (safe, { word, pattern }) => safe.replace(pattern, (found) => nameOf(word, found)),
        text,
      )
      return RULES.reduce(
        (safe, { word, pattern, write = (found, name) => name(found) }) =>
          safe.replace(pattern, (found) =>
            // What an earlier rule wrote is not looked at again.
            /^‹[^›]*›$/.test(found) ? found : write(found, (secret) => nameOf(word, secret)),
          ),
        withoutKnown,
      )
    },
    takenOut: () => [...counts].map(([what, count]) => ({ what, count })),
  }
}

/** As it is, and as JSON, a URL and another system would write it. */
function patternOf(value: string): RegExp {
  const forms = new Set([
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    value.replaceAll('\\', '/'),
  ])
  const isWord = /^[\w.-]+$/.test(value)
  const source = [...forms].map((form) => form.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')
  return new RegExp(isWord ? `(?<!\\w)(?:${source})(?!\\w)` : source, 'gi')
}

/** From the quote to the one that closes it: an apostrophe in a name closes nothing. */
function quoted(open: string, close: string): string {
  return `(?<=${open})${PATH_START}[^\\n]*?(?=${close}(?!\\w))`
}

/** What a rule for known secrets has left of a URL. */
const KNOWN_HOST = /^([a-z][a-z\d+-]*:\/\/)(?:[^/@]*@)?(‹[^›]*›)(:\d+)?(?![^/?#])/i

/** The scheme and the port say what kind of address it is; who it is does not leave. */
function writeUrl(url: string, name: (secret: string) => string): string {
  const [, scheme, host, knownPort = ''] = KNOWN_HOST.exec(url) ?? []
  if (scheme && host) return `${scheme}${host}${knownPort}`
  if (!URL.canParse(url)) return name(url)
  const { protocol, hostname, port } = new URL(url)
  const isNobodys = ['127.0.0.1', '[::1]', 'localhost', 'huggingface.co'].includes(hostname)
  const shown = isNobodys ? hostname : name(hostname === '' ? url : hostname)
  return `${protocol}//${shown}${port === '' ? '' : `:${port}`}`
}

function writeAddress(address: string, name: (secret: string) => string): string {
  return reachOf(address) === 'loopback' || address === '0.0.0.0' || address === '::' ? address : name(address)
}

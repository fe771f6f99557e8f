import { homedir, hostname, userInfo } from 'node:os'
import { readFileIfThere } from '../../storage/atomic-file'
import type { DataDirectory } from '../../storage/data-directory'
import type { KnownSecret } from './redact'

/** Enough for any of our files that hold a secret. */
const MAX_SECRET_FILE_BYTES = 64 * 1024

/**
 * What this computer knows to be private: whose it is, where things lie, and the content of its secret files in every
 * form in which a log might show them. A file that cannot be read adds nothing.
 */
export async function knownSecrets(
  data: DataDirectory,
  publicName: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<KnownSecret[]> {
  const [identity, apiKey, membership] = await Promise.all([
    readSmall(data.identityFile),
    readSmall(data.apiKeyFile),
    readSmall(data.membershipFile),
  ])
  const bytes = identity ?? Buffer.alloc(0)
  const encodings = ['base64', 'base64url', 'hex'] as const
  return [
    ...place('data directory', data.root),
    ...place('home', homedir()),
    { word: 'user name', value: userName() },
    { word: 'computer', value: hostname() },
    { word: 'node name', value: publicName },
    ...encodings.map((encoding) => ({ word: 'identity key', value: bytes.toString(encoding) })),
    { word: 'API key', value: (apiKey ?? Buffer.alloc(0)).toString('utf8').trim() },
    ...stringsIn(membership).map((value) => ({ word: 'membership', value })),
    ...secretsOf(env),
  ]
}

const SECRET_NAME = /TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|(API|ACCESS|PRIVATE)_?KEY/i
const PROXY_NAME = /^(https?|all)_proxy$/i
/** What is shorter would be found in words that are none. */
const MIN_SECRET_CHARS = 6

/** Whatever the program was started with that is named like a secret, and the passwords of proxies (H-39). */
function secretsOf(env: NodeJS.ProcessEnv): KnownSecret[] {
  return Object.entries(env).flatMap(([name, value = '']) => {
    if (SECRET_NAME.test(name)) return secret(value)
    if (!PROXY_NAME.test(name) || !URL.canParse(value)) return []
    const { password } = new URL(value)
    return [...secret(password), ...secret(decoded(password))]
  })
}

function secret(value: string): KnownSecret[] {
  return value.trim().length < MIN_SECRET_CHARS ? [] : [{ word: 'secret of the environment', value: value.trim() }]
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A home of `/` is no secret, and would be found everywhere. */
function place(word: string, value: string): KnownSecret[] {
  return value.length > 3 ? [{ word, value }] : []
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // An account without an entry, as in some containers.
    return ''
  }
}

async function readSmall(path: string): Promise<Buffer | null> {
  const bytes = await readFileIfThere(path).catch(() => null)
  return bytes === null || bytes.length > MAX_SECRET_FILE_BYTES ? null : Buffer.from(bytes)
}

/** Every longer text in a JSON file; of one that is no JSON, nothing. */
function stringsIn(bytes: Buffer | null): string[] {
  const found: string[] = []
  const walk = (value: unknown): void => {
    if (typeof value === 'string' && value.length >= 20) found.push(value)
    else if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) walk(inner)
  }
  try {
    walk(JSON.parse(bytes?.toString('utf8') ?? 'null'))
  } catch {
    // Damaged: whatever it holds opens nothing.
  }
  return found
}

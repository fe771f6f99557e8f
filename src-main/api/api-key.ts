import { randomBytes } from 'node:crypto'
import { readFileIfThere, writeFileAtomic } from '../storage/atomic-file'

/** OpenAI's tools know a key by its beginning. */
const FORM = /^sk-[A-Za-z0-9_-]{32,200}$/
const KEY_BYTES = 32

/** The key of a data directory; made once, readable by its owner only. A file that holds no key is replaced. */
export async function loadOrCreateApiKey(path: string): Promise<string> {
  const found = Buffer.from((await readFileIfThere(path)) ?? [])
    .toString('utf8')
    .trim()
  return FORM.test(found) ? found : renewApiKey(path)
}

/** Every program that has the old key needs the new one. */
export async function renewApiKey(path: string): Promise<string> {
  const key = `sk-${randomBytes(KEY_BYTES).toString('base64url')}`
  await writeFileAtomic(path, `${key}\n`)
  return key
}

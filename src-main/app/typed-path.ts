import { homedir } from 'node:os'
import { isAbsolute, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EspalierError, messageOf } from '../../src-shared/errors'

/**
 * The path that somebody typed or pasted, as the system means it: spaces and quotes around it are not part of it
 * (Explorer's "Copy as path" adds quotes), `~` is the home folder, and a file: address is a path.
 *
 * Throws BAD_ARGUMENT for one that does not begin at a root: it would mean another file after each start.
 */
export function typedPath(text: string, home: string = homedir()): string {
  const bare = text.trim().replace(/^(["'])(.*)\1$/s, '$2')
  const path = /^file:/i.test(bare) ? pathOfUrl(bare) : bare.replace(/^~(?=[/\\]|$)/, () => home)
  if (!isAbsolute(path)) {
    const example = join(home, 'model.gguf')
    throw new EspalierError('BAD_ARGUMENT', `“${bare}” is not a whole path; one looks like ${example}`)
  }
  return normalize(path)
}

function pathOfUrl(url: string): string {
  try {
    return fileURLToPath(url)
  } catch (error) {
    throw new EspalierError('BAD_ARGUMENT', `${url} is not the address of a file (${messageOf(error)})`)
  }
}

import { open, readFile, rename, rm } from 'node:fs/promises'

const MAX_STATE_FILE_BYTES = 4 * 1024 * 1024

let writeCount = 0
/** The newest write of each path that is under way. */
const turns = new Map<string, Promise<void>>()

/**
 * Replaces a file so that a reader, also after a crash, sees the old or the new content and never a mixture. Writes of
 * one path happen in the order in which they were asked for.
 */
export function writeFileAtomic(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  const write = () => replaceFile(path, content, mode)
  const turn = (turns.get(path) ?? Promise.resolve()).then(write, write)
  turns.set(path, turn)
  const done = () => {
    if (turns.get(path) === turn) turns.delete(path)
  }
  turn.then(done, done)
  return turn
}

async function replaceFile(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  // Other processes may write the same path.
  const temporary = `${path}.${process.pid}-${++writeCount}.tmp`
  try {
    const file = await open(temporary, 'w', mode)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Reads a file, or null when it does not exist. Other errors are the caller's. */
export async function readFileIfThere(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** A schema, as zod has it; kept structural so that this file needs no validator. */
interface Parser<T> {
  safeParse(input: unknown): { success: true; data: T } | { success: false }
}

/**
 * A small JSON state file. A file that is damaged or of another shape is set aside (`.damaged`) and read as
 * absent: what it holds can be asked for again, and it is never silently overwritten.
 */
export function jsonFile<T>(path: string, schema: Parser<T>) {
  return {
    path,
    async load(): Promise<T | null> {
      const bytes = await readFileIfThere(path)
      if (bytes === null) return null
      const value = bytes.length <= MAX_STATE_FILE_BYTES ? parseJson(new TextDecoder().decode(bytes)) : undefined
      const parsed = schema.safeParse(value)
      if (parsed.success) return parsed.data
      await rename(path, `${path}.damaged`)
      return null
    },
    save: (value: T): Promise<void> => writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`),
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

import { open, readFile, rename, rm } from 'node:fs/promises'
import { asideName, tellDamage } from './damage-watch'
import { tellWrite } from './write-watch'

const MAX_STATE_FILE_BYTES = 4 * 1024 * 1024

let writeCount = 0
/** The newest write of each path that is under way. */
const turns = new Map<string, Promise<void>>()
/** What the disk has not taken, to be tried again. */
const held = new Map<string, string | Uint8Array>()

/**
 * Replaces a file so that a reader, also after a crash, sees the old or the new content and never a mixture. Writes of
 * one path happen in the order in which they were asked for. How it went is told to `watchWrites` too.
 */
export function writeFileAtomic(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  const write = async () => {
    try {
      await replaceFile(path, content, mode)
      tellWrite(path, null)
    } catch (error) {
      tellWrite(path, error)
      throw error
    }
  }
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

export interface JsonFileOptions {
  /** A second file (`.copy`) of the same content, read when the first one is damaged: for what nobody can be asked for again. */
  keepsCopy?: boolean
  /** Whoever saves is told of a failure and takes the value back; otherwise it is held, and `retryHeld` writes it. */
  refusesUnsaved?: boolean
}

/**
 * A small JSON state file. One that is damaged or of another shape is set aside (`.damaged`, `.damaged-2`, …),
 * told to `watchDamage`, and never silently overwritten; what is read then is the copy, where one is kept, or nothing.
 */
export function jsonFile<T>(path: string, schema: Parser<T>, options: JsonFileOptions = {}) {
  const copyPath = `${path}.copy`
  const read = async (from: string): Promise<T | null | undefined> => {
    const bytes = await readFileIfThere(from)
    if (bytes === null) return null
    const value = bytes.length <= MAX_STATE_FILE_BYTES ? parseJson(new TextDecoder().decode(bytes)) : undefined
    const parsed = schema.safeParse(value)
    return parsed.success ? parsed.data : undefined
  }
  return {
    path,
    async load(): Promise<T | null> {
      const found = await read(path)
      if (found !== undefined) return found
      const asidePath = await asideName(path)
      await rename(path, asidePath)
      const copy = options.keepsCopy ? ((await read(copyPath)) ?? null) : null
      tellDamage({ path, asidePath, isCopyRead: copy !== null })
      // A disk that can't take it changes nothing about what is read.
      if (copy !== null) await writeFileAtomic(path, asText(copy)).catch(() => undefined)
      return copy
    },
    async save(value: T): Promise<void> {
      const text = asText(value)
      held.delete(path)
      try {
        await writeFileAtomic(path, text)
      } catch (error) {
        if (!options.refusesUnsaved) held.set(path, text)
        throw error
      }
      // The file itself is whole: a copy that fails shows in the watch, and is no failure of the save.
      if (options.keepsCopy) await writeFileAtomic(copyPath, text).catch(() => undefined)
    },
    async remove(): Promise<void> {
      held.delete(path)
      await rm(path, { force: true })
      if (options.keepsCopy) await rm(copyPath, { force: true })
    },
  }
}

/** Writes again what a file could not take. False when nothing of it is held; rejects as the disk does. */
export async function retryHeld(path: string): Promise<boolean> {
  const content = held.get(path)
  if (content === undefined) return false
  await writeFileAtomic(path, content)
  if (held.get(path) === content) held.delete(path)
  return true
}

function asText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

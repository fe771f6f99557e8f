import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod/mini'
import type { Disposer } from '../../src-shared/clock'
import { EspalierError, messageOf } from '../../src-shared/errors'
import { DEFAULT_SETTINGS, type Settings, SettingsSchema } from '../../src-shared/settings'
import { jsonFile } from '../storage/atomic-file'
import type { EventLog } from '../storage/event-log'
import { makePublicName } from './public-name'

export interface SettingsStore {
  /** As they are in force: what is on disk, with the overrides over it. */
  get(): Settings
  /** As in force; 0 when the command line leaves the port to the OS, which is no setting that can be saved. */
  listenPort(): number
  /**
   * Changes the named fields, on disk first. A changed field is no longer overridden. Throws what it can't save, and
   * SETTINGS_CHANGED where a field in `replaces` is something else by now.
   */
  save(change: Partial<Settings>, replaces?: Partial<Settings>): Promise<Settings>
  onChange(listener: (settings: Settings) => void): Disposer
}

const AnyRecord = z.record(z.string(), z.unknown())

/**
 * The settings of one data directory. Fields that are missing, unknown or of another shape (an older or newer app
 * wrote them) are read as their defaults; a file that is no JSON object is set aside, and its copy read (D-T33). `overrides` are never written;
 * one that is not valid throws BAD_ARGUMENT.
 */
export async function openSettings(
  path: string,
  overrides: Partial<Settings>,
  log: Pick<EventLog, 'write'>,
): Promise<SettingsStore> {
  const file = jsonFile(path, AnyRecord, { keepsCopy: true, refusesUnsaved: true })
  const found = await file.load()
  const listeners = new Set<(settings: Settings) => void>()
  const over = checkedOverrides(overrides)
  let saved: Settings = { ...DEFAULT_SETTINGS, publicName: makePublicName(), ...validFields(found ?? {}, log) }
  let lastWrite: Promise<unknown> = Promise.resolve()
  const inForce = (): Settings => ({ ...saved, ...over, listenPort: over.listenPort || saved.listenPort })

  async function write(settings: Settings): Promise<void> {
    try {
      await file.save(settings)
    } catch (error) {
      throw new EspalierError('SETTINGS_NOT_SAVED', messageOf(error), { cause: error })
    }
  }
  // The name is made once; a start that fails later must not make another one.
  if (found?.publicName !== saved.publicName) await write(saved)

  async function saveNow(change: Partial<Settings>, replaces: Partial<Settings>): Promise<Settings> {
    const now = inForce()
    const others = Object.entries(replaces).filter(
      ([name, value]) => !isDeepStrictEqual(now[name as keyof Settings], value),
    )
    if (others.length > 0) throw new EspalierError('SETTINGS_CHANGED', others.map(([name]) => name).join(', '))
    const parsed = SettingsSchema.safeParse({ ...saved, ...change })
    if (!parsed.success) throw new EspalierError('BAD_ARGUMENT', issueOf(parsed.error))
    await write(parsed.data)
    saved = parsed.data
    for (const name of Object.keys(change)) delete over[name as keyof Settings]
    const result = inForce()
    for (const listener of listeners) listener(result)
    return result
  }

  return {
    get: inForce,
    listenPort: () => over.listenPort ?? saved.listenPort,
    save(change, replaces = {}) {
      // One after the other: each begins from what the one before has written.
      const saving = lastWrite.then(() => saveNow(change, replaces))
      lastWrite = saving.catch(() => undefined)
      return saving
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

function checkedOverrides(overrides: Partial<Settings>): Partial<Settings> {
  const { listenPort, ...others } = overrides
  const parsed = z.partial(SettingsSchema).safeParse(listenPort ? overrides : others)
  if (!parsed.success) throw new EspalierError('BAD_ARGUMENT', issueOf(parsed.error))
  return { ...overrides }
}

function validFields(found: Readonly<Record<string, unknown>>, log: Pick<EventLog, 'write'>): Partial<Settings> {
  const fields: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(SettingsSchema.shape)) {
    if (found[name] === undefined) continue
    const parsed = (schema as z.ZodMiniType).safeParse(found[name])
    if (parsed.success) fields[name] = parsed.data
    else log.write('warn', 'settings.field.invalid', `the setting ${name} was not valid and has its default again`)
  }
  return fields as Partial<Settings>
}

function issueOf({ issues }: { issues: readonly { path: readonly PropertyKey[]; message: string }[] }): string {
  const [issue] = issues
  return issue ? `${issue.path.map(String).join('.')}: ${issue.message}` : 'not valid'
}

import { type Settings, SettingsSchema } from '../src-shared/settings'
import { typedWhole } from './typed-number'

export const FIELD_NAMES = [
  'publicName',
  'listenPort',
  'modelPath',
  'threads',
  'offeredMemoryGb',
  'gpuMemoryGb',
  'requestedBlocks',
  'diskCapGb',
  'downloadMbitPerS',
  'uploadMbitPerS',
  'contextTokens',
  'maxSequences',
  'proxyUrl',
  'caFile',
  'logDays',
  'logMib',
] as const
export type FieldName = (typeof FIELD_NAMES)[number]

/** What stands in the fields, as typed. */
export type SettingsForm = Readonly<Record<FieldName, string>>

const MAY_BE_EMPTY: ReadonlySet<FieldName> = new Set([
  'modelPath',
  'threads',
  'offeredMemoryGb',
  'gpuMemoryGb',
  'requestedBlocks',
  'diskCapGb',
  'downloadMbitPerS',
  'uploadMbitPerS',
  'proxyUrl',
  'caFile',
])
const TEXTS: ReadonlySet<FieldName> = new Set(['publicName', 'modelPath', 'proxyUrl', 'caFile'])

export function formOf(settings: Settings): SettingsForm {
  return {
    publicName: settings.publicName,
    listenPort: String(settings.listenPort),
    modelPath: settings.modelPath ?? '',
    threads: textOf(settings.threads),
    offeredMemoryGb: textOf(settings.offeredMemoryGb),
    gpuMemoryGb: textOf(settings.gpuMemoryGb),
    requestedBlocks: textOf(settings.requestedBlocks),
    diskCapGb: textOf(settings.diskCapGb),
    downloadMbitPerS: textOf(settings.downloadMbitPerS),
    uploadMbitPerS: textOf(settings.uploadMbitPerS),
    contextTokens: String(settings.contextTokens),
    maxSequences: String(settings.maxSequences),
    proxyUrl: settings.proxyUrl ?? '',
    caFile: settings.caFile ?? '',
    logDays: String(settings.logDays),
    logMib: String(settings.logMib),
  }
}

function textOf(value: number | null): string {
  return value === null ? '' : String(value)
}

export interface ReadForm {
  /** The changed fields, as the node takes them; empty when nothing changed. */
  patch: Partial<Pick<Settings, FieldName>>
  /** What was saved in those fields when they were read. */
  replaces: ReadForm['patch']
  /** Fields whose text the contract would refuse. */
  problems: ReadonlySet<FieldName>
}

/** Checks with the contract's own schema, so that the page and the node agree on what is valid. */
export function readForm(form: SettingsForm, settings: Settings): ReadForm {
  const problems = new Set<FieldName>()
  const changed: [FieldName, unknown][] = []
  const replaced: [FieldName, unknown][] = []
  for (const name of FIELD_NAMES) {
    const value = valueFrom(name, form[name].trim())
    if (!SettingsSchema.shape[name].safeParse(value).success) problems.add(name)
    else if (value !== settings[name]) {
      changed.push([name, value])
      replaced.push([name, settings[name]])
    }
  }
  return { patch: Object.fromEntries(changed), replaces: Object.fromEntries(replaced), problems }
}

/** Whether a text means what is saved. */
export function isSameValue(name: FieldName, text: string, settings: Settings): boolean {
  return valueFrom(name, text.trim()) === settings[name]
}

function valueFrom(name: FieldName, text: string): string | number | null {
  if (MAY_BE_EMPTY.has(name) && text === '') return null
  if (TEXTS.has(name)) return text
  return typedWhole(text)
}

import { type Settings, SettingsSchema } from '../src-shared/settings'

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
  /** Fields whose text the contract would refuse. */
  problems: ReadonlySet<FieldName>
}

/** Checks with the contract's own schema, so that the page and the node agree on what is valid. */
export function readForm(form: SettingsForm, settings: Settings): ReadForm {
  const problems = new Set<FieldName>()
  const changed: [FieldName, unknown][] = []
  for (const name of FIELD_NAMES) {
    const value = valueFrom(name, form[name].trim())
    if (!SettingsSchema.shape[name].safeParse(value).success) problems.add(name)
    else if (value !== settings[name]) changed.push([name, value])
  }
  return { patch: Object.fromEntries(changed), problems }
}

function valueFrom(name: FieldName, text: string): string | number | null {
  if (MAY_BE_EMPTY.has(name) && text === '') return null
  if (TEXTS.has(name)) return text
  // People write 131,072 or 131.072, and 4.5 is not 45. Number('') would be 0 and Number('1e3') a surprise.
  return /^(\d+|\d{1,3}([,. ]\d{3})+)$/.test(text) ? Number(text.replace(/[,. ]/g, '')) : Number.NaN
}

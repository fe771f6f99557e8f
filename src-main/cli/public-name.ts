import { randomInt } from 'node:crypto'
import * as z from 'zod'
import { jsonFile } from '../storage/atomic-file'
import type { DataDirectory } from '../storage/data-directory'

const SettingsSchema = z.looseObject({ publicName: z.string().min(1).max(100).optional() })

const FIRST = [
  'quiet',
  'early',
  'steady',
  'mossy',
  'amber',
  'north',
  'river',
  'garden',
  'copper',
  'silver',
  'open',
  'warm',
]
const SECOND = [
  'pear',
  'apple',
  'quince',
  'medlar',
  'plum',
  'fig',
  'almond',
  'cherry',
  'walnut',
  'olive',
  'vine',
  'elder',
]

/** A name that others see, made once for each installation and kept: unique enough, and nothing about its owner. */
export async function defaultPublicName(data: DataDirectory): Promise<string> {
  const file = jsonFile(data.settingsFile, SettingsSchema)
  const settings = await file.load()
  if (settings?.publicName) return settings.publicName
  const publicName = `${FIRST[randomInt(FIRST.length)]}-${SECOND[randomInt(SECOND.length)]}-${randomInt(1000, 10_000)}`
  await file.save({ ...settings, publicName })
  return publicName
}

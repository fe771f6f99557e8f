import { randomInt } from 'node:crypto'

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

/** A name that others see: unique enough, and nothing about its owner. */
export function makePublicName(): string {
  return `${FIRST[randomInt(FIRST.length)]}-${SECOND[randomInt(SECOND.length)]}-${randomInt(1000, 10_000)}`
}

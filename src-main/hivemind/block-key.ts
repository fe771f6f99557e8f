import { EspalierError } from '../../src-shared/errors'

const MAX_PREFIX_LENGTH = 200

/** How a family of models makes its DHT prefix from the name of its repository. */
export type PrefixFamily = 'llama' | 'falcon' | 'mixtral' | 'bloom' | 'other'

/**
 * Petals' rule. Servers and clients find each other only if they apply the same one.
 * Families that Petals does not know take the plain form: last part of the name, dots as dashes.
 * @param repository for example `meta-llama/Llama-3.3-70B-Instruct`
 * @throws RECORD_INVALID when the rule gives no usable prefix
 */
export function dhtPrefixFor(repository: string, family: PrefixFamily): string {
  const lastPart = (repository.split('/').at(-1) ?? '').replaceAll('.', '-')
  switch (family) {
    case 'llama':
      // Merges blocks that different accounts host under one name, whether or not it ends so.
      return checkDhtPrefix(lastPart.endsWith('-hf') ? lastPart : `${lastPart}-hf`)
    case 'mixtral':
      return checkDhtPrefix(repository.replaceAll('.', '-'))
    case 'bloom':
      return checkDhtPrefix(`${repository}-petals`)
    default:
      return checkDhtPrefix(lastPart)
  }
}

/** Whether blocks can be announced under this prefix. */
export function isDhtPrefix(prefix: string): boolean {
  return prefix.length > 0 && prefix.length <= MAX_PREFIX_LENGTH && /^[^.\s\p{C}]+$/u.test(prefix)
}

/** A prefix for a model that has nothing but a name: dashes for dots, white space and what cannot be seen. */
export function dhtPrefixFromName(name: string): string {
  // The cut may go through a character of two halves, and a lone half is none.
  const prefix = name.slice(0, MAX_PREFIX_LENGTH).replaceAll(/[.\s\p{C}]+/gu, '-')
  return prefix === '' ? '-' : prefix
}

/**
 * Returns the prefix unchanged when it is safe: a dot in it stops every update of the public map, a space splits it.
 * @throws RECORD_INVALID
 */
export function checkDhtPrefix(prefix: string): string {
  if (!isDhtPrefix(prefix)) throw new EspalierError('RECORD_INVALID', `the DHT prefix "${prefix.slice(0, 80)}"`)
  return prefix
}

/** The key of one block: `prefix.index`. @throws RECORD_INVALID */
export function blockKey(dhtPrefix: string, block: number): string {
  if (!Number.isSafeInteger(block) || block < 0) throw new EspalierError('RECORD_INVALID', `block ${block}`)
  return `${checkDhtPrefix(dhtPrefix)}.${block}`
}

/** Null when the text is not the key of a block. */
export function parseBlockKey(key: string): { dhtPrefix: string; block: number } | null {
  const match = /^([^.\s\p{C}]{1,200})\.(0|[1-9][0-9]{0,5})$/u.exec(key)
  return match?.[1] && match[2] ? { dhtPrefix: match[1], block: Number(match[2]) } : null
}

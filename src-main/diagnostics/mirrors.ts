import type { Clock } from '../../src-shared/clock'
import { checkMirror, type MirrorStep } from '../shards/sources/check-mirror'
import { type CheckDefinition, type Finding, fail, pass, unknown, warn } from './check'

const MAX_MIRRORS = 4

/** Whether the addresses of the manifest can be reached, and which step fails where one can't (S-20). */
export const mirrors: CheckDefinition = {
  id: 'shards-mirrors',
  title: 'Mirrors of the model',
  // A model that nobody mirrors comes from files and peers, and nothing is wrong with that.
  applies: ({ running }) => !running?.target || (running.target.manifest.sources ?? []).length > 0,
  async look({ running, clock }, signal) {
    const sources = running?.target?.manifest.sources ?? []
    const addresses = sources.flatMap(({ urls }) => urls.slice(0, 1)).slice(0, MAX_MIRRORS)
    return lookAt(addresses, { clock, signal })
  },
}

export async function lookAt(
  addresses: readonly string[],
  options: { clock: Clock; signal: AbortSignal; allowPrivate?: boolean },
): Promise<Finding> {
  if (addresses.length === 0) return unknown('the manifest names no address')
  const found = await Promise.all(
    addresses.map(async (address) => ({ host: new URL(address).host, steps: await checkMirror(address, options) })),
  )
  const words = found.map(({ host, steps }) => `${host}: ${steps.map(wordsOf).join(', ')}`).join('; ')
  const broken = found.filter(({ steps }) => steps.some(({ ok }) => !ok)).length
  if (broken === 0) return pass(words)
  return broken === found.length ? fail('MIRROR_UNREACHABLE', words) : warn('MIRROR_UNREACHABLE', words)
}

function wordsOf({ name, ms, ok, detail }: MirrorStep): string {
  return ok ? `${name} ${Math.round(ms)} ms` : `${name} failed (${detail})`
}

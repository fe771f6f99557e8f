import type { Settings } from '../../../src-shared/settings'
import type { NodeStatus } from '../../../src-shared/status'
import type { KnownSecret } from './redact'

/** More names than this would take longer than they are worth; quoted names go by their quotes. */
const MAX_NAMES = 300

/** What the owner has chosen: files wherever they lie, and whose computers the node talks to. */
export function settingsSecrets({ modelPath, caFile, network, proxyUrl }: Settings): KnownSecret[] {
  return [
    ...secret('model file', modelPath),
    ...secret('certificates', caFile),
    ...secret('coordinator', network?.kind === 'coordinator' ? hostOf(network.url) : null),
    ...secret('proxy', hostOf(proxyUrl)),
  ]
}

/** What others call themselves: their names are theirs to tell. */
export function namesOfOthers({ peers }: Pick<NodeStatus, 'peers'>): KnownSecret[] {
  const names = new Set(peers.slice(0, MAX_NAMES).flatMap(({ publicName }) => publicName ?? []))
  return [...names].map((value) => ({ word: 'other node', value, isOneOfMany: true }))
}

/** Loopback is nobody's. */
function hostOf(url: string | null): string | null {
  const whole = url?.includes('://') ? url : `http://${url ?? ''}`
  if (url === null || !URL.canParse(whole)) return null
  const { hostname } = new URL(whole)
  return ['127.0.0.1', '[::1]', 'localhost'].includes(hostname) ? null : hostname
}

function secret(word: string, value: string | null): KnownSecret[] {
  return value === null ? [] : [{ word, value }]
}

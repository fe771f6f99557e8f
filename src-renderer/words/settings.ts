import type { NetworkChoice } from '../../src-shared/settings'
import { say } from '.'

export function networkWords(network: NetworkChoice | null): { name: string; hint: string } {
  const { SETTINGS } = say
  if (network === null) return { name: SETTINGS.noNetwork, hint: SETTINGS.noNetworkHint }
  if (network.kind === 'demo') return { name: SETTINGS.demo, hint: SETTINGS.demoHint }
  return { name: URL.canParse(network.url) ? new URL(network.url).host : network.url, hint: network.url }
}

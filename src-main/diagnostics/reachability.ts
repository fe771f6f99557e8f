import ipaddr from 'ipaddr.js'
import { reachOf } from '../coordinator/address-policy'
import { dialledBackBy, shortPeer } from '../node/words'
import { type CheckDefinition, counted, type Finding, failedBy, pass, unknown } from './check'

/** How others get in: our addresses as they reach, and who has dialled one of them on a connection of its own. */
export const reachability: CheckDefinition = {
  id: 'reachability',
  title: 'NAT and dial-back',
  async look({ running, status, clock }): Promise<Finding> {
    if (!running || !status) return unknown('the node is not running')
    const addresses = addressWords(status.listenAddresses)
    const visible = status.steps.find(({ name }) => name === 'visible')
    if (visible?.blocker?.code === 'NOT_DIALLED_BACK') {
      const finding = failedBy(visible.blocker)
      return { ...finding, evidence: `${finding.evidence}; ${addresses}` }
    }
    const by = dialledBackBy(visible?.evidence ?? [])
    const dialled = (visible?.evidence ?? []).filter((one) => by.includes(one.by))
    const [last] = dialled.toSorted((a, b) => b.at - a.at)
    if (!last || visible?.state !== 'done') return unknown(`nobody has dialled this node back yet; ${addresses}`)
    const age = Math.max(0, Math.round((clock.now() - last.at) / 1000))
    return pass(`dialled back by ${by.map(shortPeer).join(' and ')} ${age} s ago; ${addresses}`)
  },
}

/** `2 public addresses, 1 private address, through a relay`. */
export function addressWords(listenAddresses: readonly string[]): string {
  const isRelayed = listenAddresses.some((address) => address.includes('/p2p-circuit'))
  const hosts = listenAddresses
    .filter((address) => !address.includes('/p2p-circuit'))
    .flatMap((address) => /^\/ip[46]\/([^/]+)/.exec(address)?.[1] ?? [])
  const kinds = hosts.filter((host) => ipaddr.isValid(host)).map((host) => reachOf(host))
  const parts = (['public', 'private', 'loopback'] as const).flatMap((kind) => {
    const count = kinds.filter((one) => one === kind).length
    return count === 0 ? [] : [counted(count, `${kind} address`, `${kind} addresses`)]
  })
  return [...(parts.length > 0 ? parts : ['no address of its own']), ...(isRelayed ? ['through a relay'] : [])].join(
    ', ',
  )
}

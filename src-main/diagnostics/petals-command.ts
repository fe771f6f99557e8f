import { reachOf } from '../coordinator/address-policy'
import { createCoordinatorApi } from '../coordinator/coordinator-api'
import { type CheckDefinition, pass, unknown } from './check'

/** A check's evidence has room for so many characters. */
const MAX_LENGTH = 590

export interface PetalsServer {
  model: string
  initialPeers: readonly string[]
  /** Half-open, as Petals takes it. */
  blocks: { start: number; end: number }
  port: number
  publicIp: string | null
}

/** The command that would serve the same blocks with Petals; initial peers as many as fit, at least one. */
export function petalsCommandOf({ model, initialPeers, blocks, port, publicIp }: PetalsServer): string {
  const command = (peers: readonly string[]) =>
    [
      'python -m petals.cli.run_server',
      quoted(model),
      ...(peers.length > 0 ? ['--initial_peers', ...peers.map(quoted)] : []),
      `--block_indices ${blocks.start}:${blocks.end}`,
      `--port ${port}`,
      ...(publicIp === null ? [] : [`--public_ip ${quoted(publicIp)}`]),
    ].join(' ')
  let count = initialPeers.length
  while (count > 1 && command(initialPeers.slice(0, count)).length > MAX_LENGTH) count -= 1
  return command(initialPeers.slice(0, count))
}

/** For a shell: what is not plainly harmless stands in single quotes. */
function quoted(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** To compare this node with a Petals server of the same blocks (C-33). */
export const petalsCommand: CheckDefinition = {
  id: 'petals-command',
  title: 'The same blocks with Petals',
  applies: ({ running }) => running?.target != null,
  async look({ running, status, coordinatorUrl, bootstraps, clock, fetch }, signal) {
    const target = running?.target
    if (!target || !status) return unknown('no blocks are assigned')
    const api =
      coordinatorUrl === null
        ? null
        : createCoordinatorApi({ baseUrl: coordinatorUrl, fetch, clock, allowInsecure: true })
    const named = await api?.networkInfo({ signal }).then(
      ({ value }) => value.bootstrapPeers,
      () => [],
    )
    const addresses = status.listenAddresses.map((address) => /^\/ip[46]\/([^/]+)\/tcp\/(\d+)/.exec(address))
    const publicIp = addresses.map((found) => found?.[1]).find((ip) => ip !== undefined && reachOf(ip) === 'public')
    const port = Number(addresses.find((found) => found)?.[2] ?? 31_337)
    const { repository, name } = target.manifest
    const command = petalsCommandOf({
      model: repository?.replace('https://huggingface.co/', '') ?? name,
      initialPeers: [...bootstraps, ...(named ?? [])],
      blocks: target.range,
      port,
      publicIp: publicIp ?? null,
    })
    return { ...pass('a Petals server with this command would serve the same blocks'), command }
  },
}

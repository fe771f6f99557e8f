import type { ErrorReport } from '../../src-shared/errors'
import { messageOf } from '../../src-shared/errors'
import { type Governor, GovernorSchema, openGovernor } from '../announce/governor'
import { furthestExpirationS } from '../hivemind/store-rules'
import { jsonFile } from '../storage/atomic-file'
import { takeComputerMark } from './computer-mark'
import { createDoppelgangerGuard, type DoppelgangerGuard } from './doppelganger'
import { createLeavingJournal } from './leaving'
import { machineFingerprint } from './machine'
import { mapDoubt } from './map-watch'
import { onlineServers } from './peer-watch'
import { createPresence, type Presence } from './presence'
import type { RuntimeOptions } from './runtime-types'
import type { NodeNetwork } from './start-network'

/** How much this node and this computer may announce; none within one computer, where nobody is disturbed. */
export async function openNodeGovernor({
  config,
  clock,
  log,
}: Pick<RuntimeOptions, 'config' | 'clock' | 'log'>): Promise<Governor | undefined> {
  if (config.profile.loopbackOnly) return undefined
  return openGovernor({
    clock,
    file: config.announcesFile ? jsonFile(config.announcesFile, GovernorSchema) : null,
    onTrouble: (error) => log.write('warn', 'announces.file.failed', messageOf(error)),
  })
}

/** What we say about ourselves, within what the governor allows, and never beside a copy of this node. */
export async function openPresence(
  options: RuntimeOptions & {
    network: NodeNetwork
    governor: Governor | undefined
    onInUse: (report: ErrorReport) => void
  } & Pick<Parameters<typeof createPresence>[0], 'cacheTokensLeft' | 'shard' | 'onRound'>,
): Promise<{ presence: Presence; guard: DoppelgangerGuard }> {
  const { config, clock, log, rooms, steps, facts, scope, onChange, governor, onInUse } = options
  const { cacheTokensLeft, shard, onRound } = options
  const { host, privateKey, dht, records, book, reach, foreign } = options.network
  const { profile } = config
  const mark = await takeComputerMark(host.peerId.toString())
  scope.add(() => mark?.())
  const guard = createDoppelgangerGuard({
    dht,
    self: host.peerId,
    privateKey,
    machine: machineFingerprint(host.peerId.toString()),
    isOnlyHere: mark !== null,
    bootstraps: () => book.peers().map(({ peerId }) => peerId),
    intervalMs: profile.timings.announceIntervalMs,
    lifetimeMs: profile.timings.recordLifetimeMs,
    furthestS: furthestExpirationS(profile),
    clock,
    log,
    onInUse,
  })
  const presence = createPresence({
    ...{ governor, guard, host, dht, records, book, config, rooms, steps, clock, log, foreign },
    ...{ cacheTokensLeft, shard, onRound },
    journal: createLeavingJournal(config.data.announcedFile),
    signal: scope.signal,
    servers: () => onlineServers(facts.view),
    mapDoubt: () => mapDoubt(facts.map),
    onDialled: reach.dialled,
    onOthersSee(othersSee) {
      facts.othersSee = othersSee
      onChange()
    },
  })
  return { presence, guard }
}

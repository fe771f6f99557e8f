import { nodeAction } from '../../src-shared/node-action'
import { hasReached, undecided } from '../node-facts'
import { HOST } from '../pages/host-words'
import { BLOCKED, COMMANDS, QUESTIONS } from '../words/commands'
import { SETTINGS } from '../words/settings'
import type { Command, CommandFacts, CommandHands } from './commands'
import { firstOf, mayNotChange } from './why-blocked'

/** The node itself, its files and its network. What they do shows on the page that they lead to. */
export function nodeCommands(facts: CommandFacts, hands: CommandHands): Command[] {
  const { status, pending, connection, isLive } = facts.node
  const { settings, metering } = facts
  const phase = status?.phase ?? 'stopped'
  const mayNot = mayNotChange(facts)
  const cannot = firstOf(mayNot, pending !== null && BLOCKED.busy)
  const isStopping = phase === 'stopping' && BLOCKED.stopping
  const isStopped = phase === 'stopped' && BLOCKED.stopped
  const isRejected = status && undecided(status)?.blocker?.code === 'REGISTRATION_REJECTED'
  const fetch = status?.fetch
  const network = settings?.network ?? null
  const peerId = status?.peerId ?? null
  const overview = (run: () => void) => () => {
    run()
    hands.go({ page: 'overview' })
  }
  const shards = (run: () => void) => () => {
    run()
    hands.go({ page: 'shards' })
  }
  return [
    {
      ...{ id: 'start', group: 'node', title: COMMANDS.start, keywords: 'run begin on normally serve' },
      blocked: firstOf(
        cannot,
        isStopping,
        phase !== 'stopped' && BLOCKED.running,
        status !== null && nodeAction(status).id === null && BLOCKED.noNetwork,
      ),
      run: overview(() => hands.command('start')),
    },
    {
      ...{ id: 'stop', group: 'node', title: COMMANDS.stop, keywords: 'end off shut down' },
      blocked: firstOf(cannot, isStopping, isStopped),
      question: QUESTIONS.stop,
      run: overview(() => hands.command('stop')),
    },
    {
      ...{ id: 'reapply', group: 'node', title: COMMANDS.reapply, keywords: 'apply again rejected register approval' },
      blocked: firstOf(cannot, !isRejected && BLOCKED.notRejected),
      run: overview(() => hands.command('reapply')),
    },
    {
      ...{ id: 'retry', group: 'node', title: COMMANDS.retry, keywords: 'reconnect connect contact again' },
      blocked: connection.state === 'retrying' ? null : isLive ? BLOCKED.connected : BLOCKED.busy,
      run: () => hands.retryNow(),
    },
    {
      ...{ id: 'peer-id', group: 'node', title: COMMANDS.peerId, keywords: 'identity address' },
      blocked: peerId === null ? BLOCKED.noPeerId : null,
      run: () => hands.copy(peerId ?? ''),
    },
    {
      ...{ id: 'load', group: 'files', title: COMMANDS.load, keywords: 'fetch again prove shards model' },
      blocked: firstOf(
        cannot,
        isStopped,
        isStopping,
        !status?.blocks && BLOCKED.noBlocks,
        status !== null && hasReached(status.loadLevel, 'L6') && BLOCKED.loaded,
      ),
      run: shards(() => hands.command('load')),
    },
    {
      ...{ id: 'pause', group: 'files', title: COMMANDS.pause, keywords: 'download hold' },
      blocked: firstOf(cannot, !fetch && BLOCKED.nothingFetched, fetch?.state === 'paused' && BLOCKED.isPaused),
      run: shards(() => hands.command('pause')),
    },
    {
      ...{ id: 'resume', group: 'files', title: COMMANDS.resume, keywords: 'download continue' },
      blocked: firstOf(cannot, !fetch && BLOCKED.nothingFetched, fetch?.state !== 'paused' && BLOCKED.notPaused),
      run: shards(() => hands.command('resume')),
    },
    {
      ...{ id: 'cancel', group: 'files', title: COMMANDS.cancel, keywords: 'download abort end' },
      blocked: firstOf(cannot, !fetch && BLOCKED.nothingFetched),
      question: QUESTIONS.cancel,
      run: shards(() => hands.command('cancel')),
    },
    {
      ...{ id: 'leave', group: 'network', title: COMMANDS.leave, keywords: 'join leave switch invite coordinator' },
      blocked: firstOf(mayNot, network === null && BLOCKED.noNetwork),
      question: {
        title: SETTINGS.confirmTitle,
        text: network?.kind === 'demo' ? SETTINGS.confirmTextDemo : SETTINGS.confirmText,
        yes: SETTINGS.confirmYes,
        no: SETTINGS.confirmNo,
      },
      run() {
        hands.leaveNetwork()
        hands.go({ page: 'settings' })
      },
    },
    {
      ...{ id: 'measure', group: 'network', title: COMMANDS.meter, keywords: 'meter speed compare alone joining' },
      blocked: firstOf(
        mayNot,
        network === null && BLOCKED.noNetwork,
        network?.kind === 'demo' && BLOCKED.noCoordinator,
        metering.state === 'running' && BLOCKED.measuring,
      ),
      run() {
        if (network?.kind === 'coordinator') hands.measure(network.url, network.insecure)
        hands.go({ page: 'settings' })
      },
    },
    ...hostCommands(facts, hands),
  ]
}

function hostCommands(facts: CommandFacts, hands: CommandHands): Command[] {
  const blocked = firstOf(mayNotChange(facts), facts.host?.phase !== 'running' && BLOCKED.notHosting)
  return [
    {
      ...{ id: 'invite', group: 'network', title: COMMANDS.invite, keywords: 'host qr link join', blocked },
      run() {
        hands.makeInvite()
        hands.go({ page: 'host' })
      },
    },
    {
      ...{ id: 'stop-hosting', group: 'network', title: COMMANDS.stopHosting, keywords: 'coordinator end', blocked },
      question: { title: HOST.confirmTitle, text: HOST.confirmText, yes: HOST.stop, no: HOST.confirmNo },
      run() {
        hands.stopHosting()
        hands.go({ page: 'host' })
      },
    },
  ]
}

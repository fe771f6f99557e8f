import { nodeAction } from '../../src-shared/node-action'
import { hasReached, undecided } from '../node-facts'
import { say } from '../words'
import type { Command, CommandFacts, CommandHands } from './commands'
import { firstOf, mayNotChange } from './why-blocked'

/** The node itself, its files and its network. What they do shows on the page that they lead to. */
export function nodeCommands(facts: CommandFacts, hands: CommandHands): Command[] {
  const { status, pending, connection, isLive } = facts.node
  const { settings, metering } = facts
  const phase = status?.phase ?? 'stopped'
  const mayNot = mayNotChange(facts)
  const cannot = firstOf(mayNot, pending !== null && say.BLOCKED.busy)
  const isStopping = phase === 'stopping' && say.BLOCKED.stopping
  const isStopped = phase === 'stopped' && say.BLOCKED.stopped
  const mayAskAgain =
    status !== null &&
    (undecided(status)?.blocker?.code === 'REGISTRATION_REJECTED' ||
      status.steps.some(({ blocker }) => blocker?.code === 'NETWORK_REPLACED'))
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
      ...{ id: 'start', group: 'node', title: say.COMMANDS.start, keywords: say.COMMAND_KEYWORDS.start },
      blocked: firstOf(
        cannot,
        isStopping,
        phase !== 'stopped' && say.BLOCKED.running,
        status !== null && nodeAction(status).id === null && say.BLOCKED.noNetwork,
      ),
      run: overview(() => hands.command('start')),
    },
    {
      ...{ id: 'stop', group: 'node', title: say.COMMANDS.stop, keywords: say.COMMAND_KEYWORDS.stop },
      blocked: firstOf(cannot, isStopping, isStopped),
      question: say.QUESTIONS.stop,
      run: overview(() => hands.command('stop')),
    },
    {
      ...{ id: 'reapply', group: 'node', title: say.COMMANDS.reapply, keywords: say.COMMAND_KEYWORDS.reapply },
      blocked: firstOf(cannot, !mayAskAgain && say.BLOCKED.notRejected),
      run: overview(() => hands.command('reapply')),
    },
    {
      ...{ id: 'retry', group: 'node', title: say.COMMANDS.retry, keywords: say.COMMAND_KEYWORDS.retry },
      blocked: connection.state === 'retrying' ? null : isLive ? say.BLOCKED.connected : say.BLOCKED.busy,
      run: () => hands.retryNow(),
    },
    {
      ...{ id: 'peer-id', group: 'node', title: say.COMMANDS.peerId, keywords: say.COMMAND_KEYWORDS.peerId },
      blocked: peerId === null ? say.BLOCKED.noPeerId : null,
      run: () => hands.copy(peerId ?? ''),
    },
    {
      ...{ id: 'load', group: 'files', title: say.COMMANDS.load, keywords: say.COMMAND_KEYWORDS.load },
      blocked: firstOf(
        cannot,
        isStopped,
        isStopping,
        !status?.blocks && say.BLOCKED.noBlocks,
        status !== null && hasReached(status.loadLevel, 'L6') && say.BLOCKED.loaded,
      ),
      run: shards(() => hands.command('load')),
    },
    {
      ...{ id: 'pause', group: 'files', title: say.COMMANDS.pause, keywords: say.COMMAND_KEYWORDS.pause },
      blocked: firstOf(cannot, !fetch && say.BLOCKED.nothingFetched, fetch?.state === 'paused' && say.BLOCKED.isPaused),
      run: shards(() => hands.command('pause')),
    },
    {
      ...{ id: 'resume', group: 'files', title: say.COMMANDS.resume, keywords: say.COMMAND_KEYWORDS.resume },
      blocked: firstOf(
        cannot,
        !fetch && say.BLOCKED.nothingFetched,
        fetch?.state !== 'paused' && say.BLOCKED.notPaused,
      ),
      run: shards(() => hands.command('resume')),
    },
    {
      ...{ id: 'cancel', group: 'files', title: say.COMMANDS.cancel, keywords: say.COMMAND_KEYWORDS.cancel },
      blocked: firstOf(cannot, !fetch && say.BLOCKED.nothingFetched),
      question: say.QUESTIONS.cancel,
      run: shards(() => hands.command('cancel')),
    },
    {
      ...{ id: 'leave', group: 'network', title: say.COMMANDS.leave, keywords: say.COMMAND_KEYWORDS.leave },
      blocked: firstOf(mayNot, network === null && say.BLOCKED.noNetwork),
      question: {
        title: say.SETTINGS.confirmTitle,
        text: network?.kind === 'demo' ? say.SETTINGS.confirmTextDemo : say.SETTINGS.confirmText,
        yes: say.SETTINGS.confirmYes,
        no: say.SETTINGS.confirmNo,
      },
      run() {
        hands.leaveNetwork()
        hands.go({ page: 'settings' })
      },
    },
    {
      ...{ id: 'measure', group: 'network', title: say.COMMANDS.meter, keywords: say.COMMAND_KEYWORDS.meter },
      blocked: firstOf(
        mayNot,
        network === null && say.BLOCKED.noNetwork,
        network?.kind === 'demo' && say.BLOCKED.noCoordinator,
        metering.state === 'running' && say.BLOCKED.measuring,
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
  const blocked = firstOf(mayNotChange(facts), facts.host?.phase !== 'running' && say.BLOCKED.notHosting)
  return [
    {
      ...{ id: 'invite', group: 'network', title: say.COMMANDS.invite, keywords: say.COMMAND_KEYWORDS.invite, blocked },
      run() {
        hands.makeInvite()
        hands.go({ page: 'host' })
      },
    },
    {
      ...{
        id: 'stop-hosting',
        group: 'network',
        title: say.COMMANDS.stopHosting,
        keywords: say.COMMAND_KEYWORDS.stopHosting,
        blocked,
      },
      question: {
        title: say.HOST.confirmTitle,
        text: say.HOST.confirmText,
        yes: say.HOST.stop,
        no: say.HOST.confirmNo,
      },
      run() {
        hands.stopHosting()
        hands.go({ page: 'host' })
      },
    },
  ]
}

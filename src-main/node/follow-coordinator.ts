import { type BlockRange, blocksInWords } from '../../src-shared/blocks'
import { EspalierError } from '../../src-shared/errors'
import type { Evidence } from '../../src-shared/status'
import type { AssignedBlocks, DecisionWords, LinkEvent } from '../coordinator/link-events'
import type { EventLog } from '../storage/event-log'
import type { BootstrapBook } from './join-network'
import type { WithoutBlocks } from './serving-target'
import type { Steps } from './steps'

export interface CoordinatorEvents {
  onAssigned(assigned: AssignedBlocks): void
  /** Approved no longer, or without blocks: nothing may be served. */
  onUnassigned(why: WithoutBlocks): void
}

/** Turns what the coordinator says into the steps *register* and *approve*. */
export function followCoordinator(options: {
  steps: Steps
  book: BootstrapBook
  log: EventLog
  events: CoordinatorEvents
}): (event: LinkEvent) => void {
  const { steps, book, log, events } = options
  let approved: { range: BlockRange; words: string } | null = null
  /** What the host's word is waited for with; null when it is not. */
  let waitingFor: { what: string } | null = null

  function approve(assigned: AssignedBlocks & { evidence: Evidence }): void {
    approved = { range: assigned.range, words: assigned.reason }
    waitingFor = null
    steps.done('approve', [assigned.evidence])
    log.write('info', 'worker.approved', `${blocksInWords(assigned.range)} of ${assigned.model}`, {
      by: assigned.by,
      reason: assigned.reason,
    })
    events.onAssigned(assigned)
  }

  function wait(what: string, evidence: Evidence): void {
    waitingFor = { what }
    steps.waiting('approve', waitingFor, [evidence])
  }

  function lose(why: WithoutBlocks): void {
    approved = null
    events.onUnassigned(why)
  }

  return (event) => {
    switch (event.type) {
      case 'registered':
        steps.done('register', [event.evidence])
        break
      case 'register-failed':
        steps.failed(
          'register',
          event.report,
          event.retryAt === null ? undefined : { what: 'Trying again by itself', at: event.retryAt },
        )
        break
      case 'initial-peers':
        book.hint(event.peers)
        break
      case 'pending':
        wait('The host of the network has been told', event.evidence)
        lose('pending')
        break
      case 'approved':
      case 'assignment-changed':
        approve(event)
        break
      case 'standby':
        wait(`On standby${because(event)}. Blocks are assigned when they are needed`, event.evidence)
        lose('standby')
        break
      case 'rejected':
        waitingFor = null
        steps.failed(
          'approve',
          new EspalierError('REGISTRATION_REJECTED', event.reason || 'the host gave no reason').report(),
        )
        lose('rejected')
        break
      case 'unknown-status':
        log.write('warn', 'coordinator.status.unknown', `the coordinator says “${event.word}”`)
        break
      case 'heartbeat-ok':
        if (approved) steps.done('approve', [event.evidence])
        else if (waitingFor && steps.get('approve')?.state === 'waiting') wait(waitingFor.what, event.evidence)
        break
      case 'heartbeat-failed':
        log.write('warn', 'coordinator.heartbeat.failed', event.report.cause)
        if (approved)
          steps.degraded('approve', event.report, {
            what: 'The coordinator will drop you',
            at: event.deadlineAt,
          })
        else if (waitingFor)
          steps.unheard('approve', event.report, { what: 'Trying again by itself', at: event.retryAt })
        break
      case 'forgotten':
        log.write('warn', 'coordinator.forgotten', event.report.cause)
        steps.working('register')
        break
      case 'other-network':
        log.write('warn', 'coordinator.network.other', 'another network is at the coordinator’s address', {
          known: event.known ?? 'none',
          found: event.found ?? 'none',
        })
        break
      case 'memory-failed':
        log.write('error', 'coordinator.memory.failed', event.report.cause)
        break
    }
  }
}

function because({ reason }: DecisionWords): string {
  return reason ? `: ${reason}` : ''
}

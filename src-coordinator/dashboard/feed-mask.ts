import type { Change, FeedDecision, FeedUsage, FeedWorker, Snapshot } from '../../src-dashboard/feed'
import { maskedId } from '../routes/route-context'

/** What the host may see of the network at one moment; the functions below take from it what strangers may not. */
export type FeedDocuments = Omit<Snapshot, 'view' | 'at'>

/** What a worker answered is between it and the host: it may name addresses. */
function maskWorker({ x_load: _, ...worker }: FeedWorker): FeedWorker {
  return { ...worker, worker_id: maskedId(worker.worker_id) }
}

function maskDecision(decision: FeedDecision): FeedDecision {
  return { ...decision, worker_id: maskedId(decision.worker_id) }
}

/** Who asks is between them and the host. */
function maskUsage(usage: FeedUsage): FeedUsage {
  return { ...usage, user_id: null }
}

export function maskDocuments(documents: FeedDocuments): FeedDocuments {
  return {
    network: documents.network,
    workers: documents.workers.map(maskWorker),
    decisions: documents.decisions.map(maskDecision),
    usage: documents.usage.map(maskUsage),
  }
}

export function maskChange({ workers, decisions, usage, ...rest }: Change): Change {
  return {
    ...rest,
    workers: workers.map(maskWorker),
    ...(decisions ? { decisions: decisions.map(maskDecision) } : {}),
    ...(usage ? { usage: usage.map(maskUsage) } : {}),
  }
}

import { EspalierError } from '../../src-shared/errors'
import type { Evidence } from '../../src-shared/status'
import type { RoundReport } from '../announce/announcer'
import type { RecordForm } from '../network/profiles'
import type { Steps } from './steps'

/** The step *announce*, from what came of the rounds of each form. */
export interface AnnounceStep {
  /** Something else is said from now on: what came of earlier rounds does not count for it. */
  anew(): void
  /** True when the records of every form have been written and read back, this one's now. */
  onRound(report: RoundReport, isServing: boolean): boolean
  /** Ids of who said that they keep the records that Petals reads. */
  keepers(): readonly string[]
  /** The next round has to wait. */
  heldBack(until: number): void
}

export function createAnnounceStep(forms: readonly RecordForm[], steps: Steps): AnnounceStep {
  /** The last round of each form since what we say last changed. */
  const rounds = new Map<RecordForm, RoundReport>()
  return {
    anew: () => rounds.clear(),
    onRound(report, isServing) {
      if (report.error?.code === 'IDENTITY_BEING_CHECKED') {
        steps.waiting('announce', { what: report.error.cause, at: report.nextAt })
        return false
      }
      // A JOINING round is not this step's matter, and a round for what has been lost since says nothing.
      if (report.state !== 'online' || !isServing) return false
      rounds.set(report.form, report)
      const reports = forms.flatMap((form) => rounds.get(form) ?? [])
      steps.progress('announce', {
        done: sum(reports.map(({ acknowledged }) => acknowledged)),
        total: sum(reports.map(({ total }) => total)),
        unit: 'records',
      })
      const next = { what: 'The records are written again', at: Math.min(...reports.map(({ nextAt }) => nextAt)) }
      const failed = reports.find(({ error, readBack }) => error !== null || readBack === null)
      if (failed) {
        steps.doubted('announce', failed.error ?? new EspalierError('NOT_READ_BACK').report(), next)
        return false
      }
      // Every form has its readers: one that was not written yet leaves the node unseen by them.
      if (reports.length < forms.length) return false
      steps.done('announce', reports.map(evidenceOf), next)
      return true
    },
    keepers: () => rounds.get('hivemind')?.ackedBy ?? [],
    heldBack(until) {
      if (steps.get('announce')?.state !== 'working') return
      steps.waiting('announce', {
        what: 'Announcing again needs a pause, so that the network is not flooded',
        at: until,
      })
    },
  }
}

function evidenceOf({ form, readBack, ackedBy, total, at }: RoundReport): Evidence {
  const kept = `${total} records kept by ${ackedBy.length} ${ackedBy.length === 1 ? 'peer' : 'peers'}`
  const sample = form === 'kademlia' ? 'block records and providers, Kademlia form' : 'block records'
  const value = `${readBack?.found ?? 0} of ${readBack?.asked ?? 0} ${sample}; ${kept}`
  return { kind: 'peer', by: readBack?.by ?? '', at, value }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

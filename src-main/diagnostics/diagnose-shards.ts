import type { Clock } from '../../src-shared/clock'
import type { Diagnosis } from '../../src-shared/file-views'
import { VERSION } from '../../src-shared/version'
import type { CheckDefinition, DiagnosticsContext } from './check'
import { runDiagnostics } from './diagnostics'
import { SHARD_CHECKS, shardReport } from './shard-diagnosis'

/** All steps run side by side; what takes longer says so, and the whole is over in less than 5 s (S-41). */
const STEP_TIMEOUT_MS = 4_000

/** 2026-01-31 14:03:09: whoever reads a report may live elsewhere. */
const UTC = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', timeZone: 'UTC' })

/** The runbook's four steps and the cross view, done now, with a report that says nothing about who and where. */
export async function diagnoseShards(
  context: DiagnosticsContext,
  clock: Clock,
  steps: readonly CheckDefinition[] = SHARD_CHECKS,
): Promise<Diagnosis> {
  const startedAtMs = clock.monotonicMs()
  const checks = await runDiagnostics(context, steps, STEP_TIMEOUT_MS)
  const tookMs = clock.monotonicMs() - startedAtMs
  const head = `Espalier ${VERSION}, ${UTC.format(clock.now())} UTC, ${(tookMs / 1000).toFixed(1)} s`
  const readiness = context.status?.readiness
  const report = shardReport({ at: clock.now(), ...(readiness && { readiness }) }, checks)
  return { checks, tookMs, report: `${head}\n${report}`.slice(0, 20_000) }
}

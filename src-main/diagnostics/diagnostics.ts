import type { Check } from '../../src-shared/app-views'
import { EspalierError, reportOf } from '../../src-shared/errors'
import { bootstraps } from './bootstraps'
import { type CheckDefinition, type DiagnosticsContext, type Finding, failedBy, unknown } from './check'
import { clockSkew } from './clock-skew'
import { coordinator } from './coordinator'
import { coordinatorStanding } from './coordinator-standing'
import { dataDirectory } from './data-directory'
import { device } from './device'
import { dhtReadBack } from './dht-read-back'
import { diskSpace } from './disk-space'
import { engine } from './engine'
import { engineProbe } from './engine-probe'
import { fixFor } from './fixes'
import { identity } from './identity'
import { mapRow } from './map-row'
import { manifestFile, modelFile } from './model-file'
import { otherNodes } from './other-nodes'
import { othersSee } from './others-see'
import { petalsCommand } from './petals-command'
import { port } from './port'
import { reachability } from './reachability'
import { SHARD_CHECKS } from './shard-diagnosis'
import { shardFiles } from './shard-files'
import { startEntries } from './start-entries'
import { updates } from './updates'
import { visibility } from './visibility'

export const CHECKS: readonly CheckDefinition[] = [
  dataDirectory,
  diskSpace,
  identity,
  clockSkew,
  port,
  engine,
  device,
  engineProbe,
  coordinator,
  coordinatorStanding,
  bootstraps,
  dhtReadBack,
  reachability,
  visibility,
  othersSee,
  mapRow,
  petalsCommand,
  shardFiles,
  ...SHARD_CHECKS.filter(({ id }) => id !== 'shards-own'),
  modelFile,
  manifestFile,
  otherNodes,
  startEntries,
  updates,
]

/** As the bridge takes it. */
const MAX_EVIDENCE = 600

export const CHECK_TIMEOUT_MS = 5_000

/** Runs all checks side by side, each at most 5 s. Never rejects: what could not be looked at says why. */
export function runDiagnostics(
  context: DiagnosticsContext,
  checks: readonly CheckDefinition[] = CHECKS,
  timeoutMs = CHECK_TIMEOUT_MS,
): Promise<Check[]> {
  const chosen = checks.filter(({ applies }) => applies?.(context) ?? true)
  return Promise.all(chosen.map((check) => lookAt(check, context, timeoutMs)))
}

async function lookAt(check: CheckDefinition, context: DiagnosticsContext, timeoutMs: number): Promise<Check> {
  const { evidence, ...finding } = await lookInTime(check, context, timeoutMs)
  const { id, title } = check
  const fix = finding.fix ?? fixFor(finding)
  return {
    ...{ id, title, ...finding, evidence: shortened(sentence(evidence)), at: context.clock.now() },
    ...(fix && { fix }),
  }
}

/** Sets right what a check found, and looks again. Throws BAD_ARGUMENT for a check that the app cannot mend. */
export async function mendCheck(id: string, context: DiagnosticsContext): Promise<Check> {
  const check = CHECKS.find((one) => one.id === id)
  if (!check?.mend) throw new EspalierError('BAD_ARGUMENT', `there is nothing that the app could mend about “${id}”`)
  await check.mend(context)
  return lookAt(check, context, CHECK_TIMEOUT_MS)
}

/** Whole words, and a sign that there was more. */
function shortened(text: string): string {
  if (text.length <= MAX_EVIDENCE) return text
  return `${text.slice(0, text.lastIndexOf(' ', MAX_EVIDENCE - 2))} …`
}

/** Checks write what they found as it comes; people read sentences, which begin with a capital. Paths and ids stay. */
function sentence(evidence: string): string {
  const isWord = /^[a-z]+(?:[ ,;]|: )/.test(evidence)
  return isWord ? evidence.charAt(0).toUpperCase() + evidence.slice(1) : evidence
}

function lookInTime(check: CheckDefinition, context: DiagnosticsContext, timeoutMs: number): Promise<Finding> {
  const controller = new AbortController()
  return new Promise((resolve) => {
    const cancel = context.clock.after(timeoutMs, () => {
      controller.abort()
      resolve(unknown(`it took longer than ${timeoutMs / 1000} s`))
    })
    void check
      .look(context, controller.signal)
      .catch((error: unknown) => failedBy(reportOf(error)))
      .then(resolve)
      .finally(cancel)
  })
}

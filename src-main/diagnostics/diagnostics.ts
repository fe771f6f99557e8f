import type { Check } from '../../src-shared/app-views'
import { reportOf } from '../../src-shared/errors'
import { bootstraps } from './bootstraps'
import { type CheckDefinition, type DiagnosticsContext, type Finding, failedBy, unknown } from './check'
import { clockSkew } from './clock-skew'
import { coordinator } from './coordinator'
import { coordinatorStanding } from './coordinator-standing'
import { dataDirectory } from './data-directory'
import { dhtReadBack } from './dht-read-back'
import { diskSpace } from './disk-space'
import { engine } from './engine'
import { identity } from './identity'
import { manifestFile, modelFile } from './model-file'
import { otherNodes } from './other-nodes'
import { othersSee } from './others-see'
import { petalsCommand } from './petals-command'
import { port } from './port'
import { SHARD_CHECKS } from './shard-diagnosis'
import { shardFiles } from './shard-files'
import { visibility } from './visibility'

export const CHECKS: readonly CheckDefinition[] = [
  dataDirectory,
  diskSpace,
  identity,
  clockSkew,
  port,
  otherNodes,
  engine,
  coordinator,
  coordinatorStanding,
  bootstraps,
  dhtReadBack,
  visibility,
  othersSee,
  petalsCommand,
  shardFiles,
  ...SHARD_CHECKS.filter(({ id }) => id !== 'shards-own'),
  modelFile,
  manifestFile,
]

export const CHECK_TIMEOUT_MS = 5_000

/** Runs all checks side by side, each at most 5 s. Never rejects: what could not be looked at says why. */
export function runDiagnostics(
  context: DiagnosticsContext,
  checks: readonly CheckDefinition[] = CHECKS,
): Promise<Check[]> {
  const chosen = checks.filter(({ applies }) => applies?.(context) ?? true)
  return Promise.all(
    chosen.map(async (check): Promise<Check> => {
      const { evidence, ...finding } = await lookInTime(check, context)
      const { id, title } = check
      return { id, title, ...finding, evidence: sentence(evidence).slice(0, 600), at: context.clock.now() }
    }),
  )
}

/** Checks write what they found as it comes; people read sentences, which begin with a capital. Paths and ids stay. */
function sentence(evidence: string): string {
  const isWord = /^[a-z]+[ ,:;]/.test(evidence)
  return isWord ? evidence.charAt(0).toUpperCase() + evidence.slice(1) : evidence
}

function lookInTime(check: CheckDefinition, context: DiagnosticsContext): Promise<Finding> {
  const controller = new AbortController()
  return new Promise((resolve) => {
    const cancel = context.clock.after(CHECK_TIMEOUT_MS, () => {
      controller.abort()
      resolve(unknown(`it took longer than ${CHECK_TIMEOUT_MS / 1000} s`))
    })
    void check
      .look(context, controller.signal)
      .catch((error: unknown) => failedBy(reportOf(error)))
      .then(resolve)
      .finally(cancel)
  })
}

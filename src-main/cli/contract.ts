import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { systemClock } from '../../src-shared/clock'
import { isErrorCode } from '../../src-shared/errors'
import { type ContractResult, runContractSuite } from '../coordinator/contract/contract-suite'
import { createCoordinatorApi } from '../coordinator/coordinator-api'
import { coordinatorFetch } from '../coordinator/coordinator-fetch'
import { normaliseCoordinatorUrl } from '../coordinator/coordinator-url'
import { workerIdOf } from '../coordinator/worker-id'
import { createSigningFetch } from '../membership/signing-fetch'
import { onEndSignal } from './until-end'
import { checkArguments } from './wrong-arguments'

export interface ContractCommandOptions {
  adminToken?: string
  insecureHttp: boolean
  json: boolean
}

/** A slow one is judged by the rows. */
const ANSWER_TIMEOUT_MS = 10_000

const MARKS: Record<ContractResult['verdict'], string> = { pass: '●', fail: '◣', skip: '·' }

/**
 * Prints what a coordinator keeps of the document. Exits 1 when a row fails, and when it is ended before the last. Throws
 * COORDINATOR_UNREACHABLE where nothing answers: a table of failures would say no more.
 */
export async function contract(url: string, options: ContractCommandOptions): Promise<void> {
  const baseUrl = await checkArguments(() => normaliseCoordinatorUrl(url, { allowInsecure: options.insecureHttp }))
  await somethingAnswers(baseUrl, options.insecureHttp)
  const [first, second, stranger] = await Promise.all([
    throwAwayWorker(baseUrl),
    throwAwayWorker(baseUrl),
    throwAwayWorker(baseUrl),
  ])
  const out = (line: string) => void (options.json || process.stdout.write(`${line}\n`))
  out(`${baseUrl}\n`)
  const ending = new AbortController()
  const stopListening = onEndSignal(() => ending.abort())
  const results = await runContractSuite({
    signal: ending.signal,
    baseUrl,
    clock: systemClock,
    adminToken: options.adminToken ?? null,
    workerIds: [first.id, second.id, stranger.id],
    // Each worker speaks for itself: a coordinator that wants signatures ties an id to its key.
    fetch(input, init) {
      const request = `${String(input)} ${String(init?.body ?? '')}`
      return ([first, second].find(({ id }) => request.includes(id)) ?? stranger).fetch(input, init)
    },
    onResult: ({ row, title, verdict, detail }) => out(`${MARKS[verdict]} ${row.padEnd(11)} ${title}\n    ${detail}`),
  })
  stopListening()
  const isWhole = !ending.signal.aborted
  const failed = results.filter(({ verdict }) => verdict === 'fail').length
  const skipped = results.filter(({ verdict }) => verdict === 'skip').length
  if (options.json)
    process.stdout.write(`${JSON.stringify({ url: baseUrl, passed: isWhole && failed === 0, results })}\n`)
  out(
    `\n${results.length - failed - skipped} rows pass, ${failed} fail, ${skipped} left out${isWhole ? '' : '; ended early'}`,
  )
  if (failed > 0 || !isWhole) process.exitCode = 1
}

/** Whatever answers, however wrongly, is for the rows to judge. */
async function somethingAnswers(baseUrl: string, allowInsecure: boolean): Promise<void> {
  const api = createCoordinatorApi({ baseUrl, allowInsecure, fetch: coordinatorFetch, clock: systemClock })
  await api.health({ timeoutMs: ANSWER_TIMEOUT_MS }).catch((error: unknown) => {
    if (isErrorCode(error, 'COORDINATOR_UNREACHABLE')) throw error
  })
}

/** An id and a key that nobody else has, so that nobody's place is taken. */
async function throwAwayWorker(baseUrl: string): Promise<{ id: string; fetch: typeof fetch }> {
  const identity = await generateKeyPair('Ed25519')
  return {
    id: workerIdOf(peerIdFromPrivateKey(identity).toString()),
    fetch: createSigningFetch({
      fetch: coordinatorFetch,
      baseUrl,
      identity: async () => identity,
      clock: systemClock,
    }),
  }
}

import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { systemClock } from '../../src-shared/clock'
import { type ContractResult, runContractSuite } from '../coordinator/contract/contract-suite'
import { coordinatorFetch } from '../coordinator/coordinator-fetch'
import { normaliseCoordinatorUrl } from '../coordinator/coordinator-url'
import { workerIdOf } from '../coordinator/worker-id'
import { createSigningFetch } from '../membership/signing-fetch'

export interface ContractCommandOptions {
  adminToken?: string
  insecureHttp: boolean
  json: boolean
}

const MARKS: Record<ContractResult['verdict'], string> = { pass: '●', fail: '◣', skip: '·' }

/** Prints what a coordinator keeps of the document. Exits 1 when a row fails. */
export async function contract(url: string, options: ContractCommandOptions): Promise<void> {
  const baseUrl = normaliseCoordinatorUrl(url, { allowInsecure: options.insecureHttp })
  // A name of its own, so that a coordinator that wants signatures gets good ones and nobody's place is taken.
  const identities = await Promise.all([generateKeyPair('Ed25519'), generateKeyPair('Ed25519')])
  const [first, second] = identities.map((identity) => workerIdOf(peerIdFromPrivateKey(identity).toString()))
  const out = (line: string) => void (options.json || process.stdout.write(`${line}\n`))
  out(`${baseUrl}\n`)
  const results = await runContractSuite({
    baseUrl,
    clock: systemClock,
    adminToken: options.adminToken ?? null,
    ...(first && second ? { workerIds: [first, second] } : {}),
    fetch: createSigningFetch({
      fetch: coordinatorFetch,
      baseUrl,
      identity: async () => identities[0],
      clock: systemClock,
    }),
    onResult: ({ row, title, verdict, detail }) => out(`${MARKS[verdict]} ${row.padEnd(11)} ${title}\n    ${detail}`),
  })
  const failed = results.filter(({ verdict }) => verdict === 'fail').length
  const skipped = results.filter(({ verdict }) => verdict === 'skip').length
  if (options.json) process.stdout.write(`${JSON.stringify({ url: baseUrl, passed: failed === 0, results })}\n`)
  out(`\n${results.length - failed - skipped} rows pass, ${failed} fail, ${skipped} left out`)
  if (failed > 0) process.exitCode = 1
}

import { X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import * as tls from 'node:tls'
import { EspalierError, messageOf } from '../../src-shared/errors'

const MAX_BYTES = 1024 * 1024
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/**
 * The certificates of a PEM file, beside those that are trusted anyway: naming any to Node replaces its own list.
 * Throws CA_UNUSABLE for what is no such file, and for a certificate that may not sign others.
 */
export async function readTrusted(path: string): Promise<string[]> {
  try {
    const found = await stat(path)
    if (!found.isFile() || found.size > MAX_BYTES) throw new Error('it is no file of at most 1 MiB')
    const given = (await readFile(path, 'latin1')).match(CERTIFICATE) ?? []
    if (given.length === 0) throw new Error('there is no certificate in it')
    for (const pem of given) {
      const { ca, subject, issuer } = new X509Certificate(pem)
      // One that has signed itself stands for itself alone.
      if (!ca && subject !== issuer)
        throw new Error(`${subject.replaceAll('\n', ', ')} is not an authority’s certificate`)
    }
    return [...ownList(), ...given]
  } catch (error) {
    throw new EspalierError('CA_UNUSABLE', `${path}: ${messageOf(error)}`, { cause: error })
  }
}

/** Newer Nodes say what they trust, NODE_EXTRA_CA_CERTS and the system's store included; Node 20 has its own list only. */
function ownList(): readonly string[] {
  const all: unknown = 'getCACertificates' in tls ? tls.getCACertificates : null
  return typeof all === 'function' ? (all('default') as string[]) : tls.rootCertificates
}

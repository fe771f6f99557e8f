import { open, readFile, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Clock } from '../../src-shared/clock'
import { EspalierError, isErrorCode, messageOf } from '../../src-shared/errors'
import type { IdentityChange, IdentityView } from '../../src-shared/identity-view'
import { keepIdentityAside, readIdentity, readIdentityCopy, writeIdentity } from '../network/identity'
import { MAX_IDENTITY_BACKUP_BYTES, openIdentityBackup, sealIdentity } from '../network/identity-backup'
import { writeError } from '../storage/write-error'

export interface IdentityFile {
  /** Absolute, on this computer. */
  path: string
  passphrase: string
}

/** Everything that is done to an identity on purpose. Who changes it makes sure first that no node uses it. */
export interface IdentityDesk {
  look(): Promise<IdentityView>
  /** Writes a sealed backup. Never over a file that is there (FILE_IN_THE_WAY); throws IDENTITY_NONE without a key. */
  exportTo(file: IdentityFile): Promise<{ path: string }>
  /** Makes a backup's identity this node's; the one of before is kept aside. Throws as `openIdentityBackup`. */
  importFrom(file: IdentityFile): Promise<IdentityChange>
  /** Puts the copy in the place of a damaged or missing identity. Throws IDENTITY_NONE without a whole copy. */
  restoreCopy(): Promise<IdentityChange>
  /** A new identity: for everybody else, a node that has never been there. */
  renew(): Promise<IdentityChange>
}

export function createIdentityDesk(identityFile: string, clock: Clock): IdentityDesk {
  async function look(): Promise<IdentityView> {
    const copyPeerId = (await readIdentityCopy(identityFile))?.publicKey.toString() ?? null
    try {
      const peerId = (await readIdentity(identityFile))?.publicKey.toString() ?? null
      const state = peerId === null ? 'none' : 'whole'
      return { state, peerId, copyPeerId, problem: '', suggestedPath: suggestedPath(peerId) }
    } catch (error) {
      if (!isErrorCode(error, 'IDENTITY_UNREADABLE') && !isErrorCode(error, 'IDENTITY_MISSING')) throw error
      const problem = error.message.slice(0, 600)
      return { state: 'damaged', peerId: null, copyPeerId, problem, suggestedPath: suggestedPath(copyPeerId) }
    }
  }

  async function replaceBy(key: Parameters<typeof writeIdentity>[1]): Promise<IdentityChange> {
    const keptAt = await keepIdentityAside(identityFile, `before-${clock.now()}`)
    await writeIdentity(identityFile, key)
    return { identity: await look(), keptAt }
  }

  return {
    look,
    async exportTo({ path, passphrase }) {
      checkPath(path)
      const key = await readIdentity(identityFile)
      if (!key) throw new EspalierError('IDENTITY_NONE')
      await writeNew(path, await sealIdentity(key, passphrase))
      return { path }
    },
    async importFrom({ path, passphrase }) {
      checkPath(path)
      return replaceBy(await openIdentityBackup(await readSmall(path), passphrase))
    },
    async restoreCopy() {
      const copy = await readIdentityCopy(identityFile)
      if (!copy) throw new EspalierError('IDENTITY_NONE', 'there is no copy that can be used')
      return replaceBy(copy)
    },
    renew: async () => replaceBy(await generateKeyPair('Ed25519')),
  }
}

function suggestedPath(peerId: string | null): string {
  return join(homedir(), `espalier-identity-${peerId?.slice(-8) ?? 'none'}.json`)
}

function checkPath(path: string): void {
  if (!isAbsolute(path) || path.includes('\0'))
    throw new EspalierError('BAD_ARGUMENT', 'the whole path of the file is needed')
}

async function writeNew(path: string, text: string): Promise<void> {
  let isOurs = false
  try {
    const file = await open(path, 'wx', 0o600)
    isOurs = true
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (isOurs) await rm(path, { force: true })
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST'
    throw isThere ? new EspalierError('FILE_IN_THE_WAY', path) : writeError(error, 'FILE_NOT_WRITTEN')
  }
}

/** Only what is a file and small: a pipe or a device would be read for ever. */
async function readSmall(path: string): Promise<string> {
  try {
    const found = await stat(path)
    if (!found.isFile() || found.size > MAX_IDENTITY_BACKUP_BYTES) throw new Error(`${path} is no small file`)
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new EspalierError('IDENTITY_BACKUP_INVALID', messageOf(error))
  }
}

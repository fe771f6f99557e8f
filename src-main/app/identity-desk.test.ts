import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/fake-clock'
import { loadOrCreateIdentity } from '../network/identity'
import { openIdentityBackup, sealIdentity } from '../network/identity-backup'
import { createIdentityDesk, type IdentityDesk } from './identity-desk'

const PASSPHRASE = 'korrekt pferd batterie'
const LIGHT = { N: 2 ** 10, r: 8, p: 1 }
let folder: string
let identityFile: string
let desk: IdentityDesk
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-identity-'))
  identityFile = join(folder, 'identity.key')
  desk = createIdentityDesk(identityFile, new FakeClock(1_000))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('a backup of an identity', () => {
  it('moves it to another computer: same peer id, private file, and the one that was there is kept', async () => {
    const key = await loadOrCreateIdentity(identityFile)
    const path = join(folder, 'backup.json')
    expect(await desk.exportTo({ path, passphrase: PASSPHRASE })).toEqual({ path })
    const text = await readFile(path, 'utf8')
    const bytes = Buffer.from(privateKeyToProtobuf(key))
    for (const encoding of ['base64', 'hex', 'latin1'] as const) expect(text).not.toContain(bytes.toString(encoding))
    expect(text).not.toContain(PASSPHRASE)
    if (process.platform !== 'win32') expect((await stat(path)).mode & 0o077).toBe(0)

    const otherFile = join(folder, 'other.key')
    const before = await loadOrCreateIdentity(otherFile)
    const other = createIdentityDesk(otherFile, new FakeClock(7))
    const { identity, keptAt } = await other.importFrom({ path, passphrase: PASSPHRASE })
    expect(identity).toMatchObject({ state: 'whole', peerId: key.publicKey.toString() })
    expect(keptAt).toBe(`${otherFile}.before-7`)
    expect((await loadOrCreateIdentity(otherFile)).publicKey.equals(key.publicKey)).toBe(true)
    expect(await readFile(`${otherFile}.before-7`)).toEqual(Buffer.from(privateKeyToProtobuf(before)))
  })

  it('is never written over a file, nor without a key', async () => {
    const path = join(folder, 'backup.json')
    await expect(desk.exportTo({ path, passphrase: PASSPHRASE })).rejects.toMatchObject({ code: 'IDENTITY_NONE' })
    await loadOrCreateIdentity(identityFile)
    await writeFile(path, 'mine')
    await expect(desk.exportTo({ path, passphrase: PASSPHRASE })).rejects.toMatchObject({ code: 'FILE_IN_THE_WAY' })
    expect(await readFile(path, 'utf8')).toBe('mine')
    const nowhere = join(folder, 'none', 'backup.json')
    await expect(desk.exportTo({ path: nowhere, passphrase: PASSPHRASE })).rejects.toMatchObject({
      code: 'FILE_NOT_WRITTEN',
    })
    await expect(desk.exportTo({ path: 'relative.json', passphrase: PASSPHRASE })).rejects.toMatchObject({
      code: 'BAD_ARGUMENT',
    })
  })

  it('opens with its passphrase only, and what was changed in it is found', async () => {
    const key = await generateKeyPair('Ed25519')
    const text = await sealIdentity(key, PASSPHRASE, LIGHT)
    expect((await openIdentityBackup(text, PASSPHRASE)).publicKey.equals(key.publicKey)).toBe(true)
    // The same letters in another Unicode form.
    const accented = await sealIdentity(key, 'caf\u00e9 cr\u00e8me br\u00fbl\u00e9e', LIGHT)
    await openIdentityBackup(accented, 'cafe\u0301 cre\u0300me bru\u0302le\u0301e')
    await expect(openIdentityBackup(text, `${PASSPHRASE}!`)).rejects.toMatchObject({ code: 'IDENTITY_BACKUP_LOCKED' })
    const backup = JSON.parse(text)
    const someoneElse = (await generateKeyPair('Ed25519')).publicKey.toString()
    for (const [change, code] of [
      [{ peerId: someoneElse }, 'IDENTITY_BACKUP_LOCKED'],
      [{ version: 2 }, 'IDENTITY_BACKUP_INVALID'],
      [{ format: 'other' }, 'IDENTITY_BACKUP_INVALID'],
      [{ nonce: 'AAAA' }, 'IDENTITY_BACKUP_INVALID'],
      [{ scrypt: { ...backup.scrypt, N: 2 ** 30 } }, 'IDENTITY_BACKUP_INVALID'],
      [{ scrypt: { ...backup.scrypt, N: 1_000 } }, 'IDENTITY_BACKUP_INVALID'],
    ] as const) {
      await expect(openIdentityBackup(JSON.stringify({ ...backup, ...change }), PASSPHRASE)).rejects.toMatchObject({
        code,
      })
    }
    await expect(openIdentityBackup('no json', PASSPHRASE)).rejects.toMatchObject({ code: 'IDENTITY_BACKUP_INVALID' })
  })

  it('that is none, too large or no file changes nothing', async () => {
    const key = await loadOrCreateIdentity(identityFile)
    const large = join(folder, 'large.json')
    await writeFile(large, Buffer.alloc(20_000))
    for (const path of [large, folder, '/dev/zero', join(folder, 'none.json')])
      await expect(desk.importFrom({ path, passphrase: PASSPHRASE })).rejects.toMatchObject({
        code: 'IDENTITY_BACKUP_INVALID',
      })
    expect((await loadOrCreateIdentity(identityFile)).publicKey.equals(key.publicKey)).toBe(true)
    expect((await readdir(folder)).filter((name) => name.includes('before'))).toEqual([])
  })
})

describe('D-T33: a damaged identity', () => {
  it('is shown with its copy, and brought back only when somebody says so', async () => {
    const key = await loadOrCreateIdentity(identityFile)
    const peerId = key.publicKey.toString()
    await writeFile(identityFile, '')
    expect(await desk.look()).toMatchObject({ state: 'damaged', peerId: null, copyPeerId: peerId })
    expect((await readFile(identityFile)).length).toBe(0)
    const { identity, keptAt } = await desk.restoreCopy()
    expect(identity).toMatchObject({ state: 'whole', peerId })
    expect((await readFile(keptAt ?? '')).length).toBe(0)
  })

  it('without a copy gives way to a new one only when somebody says so', async () => {
    await writeFile(identityFile, 'garbage')
    await expect(desk.restoreCopy()).rejects.toMatchObject({ code: 'IDENTITY_NONE' })
    const { identity, keptAt } = await desk.renew()
    expect(identity.state).toBe('whole')
    expect(await readFile(keptAt ?? '', 'utf8')).toBe('garbage')
  })
})

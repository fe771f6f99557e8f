import { mkdir, mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../src-shared/clock'
import { METHODS } from '../../src-shared/contract'
import { appPaths } from '../app-paths'
import { loadOrCreateIdentity } from '../network/identity'
import { type DataDirectory, openDataDirectory } from '../storage/data-directory'
import { createEventLog, type EventLog } from '../storage/event-log'
import { writeLogFiles } from '../storage/log-files'
import { type App, createApp } from './app'

let data: DataDirectory
let log: EventLog
let app: App
beforeEach(async () => {
  data = await openDataDirectory(await mkdtemp(join(tmpdir(), 'espalier-app-disk-')))
  log = createEventLog(systemClock, null)
})
afterEach(async () => {
  await app?.dispose()
  await rm(data.root, { recursive: true, force: true })
})

async function open(): Promise<void> {
  app = await createApp({
    ...{ clock: systemClock, log, data },
    paths: appPaths(),
    spawnEngine: () => {
      throw new Error('nothing is computed here')
    },
    overrides: { apiAccess: 'off' },
  })
}

it('H-02: a disk that takes neither log nor settings shows on every page within 5 s, and the lines are kept in memory', async () => {
  await mkdir(join(data.logsDirectory, 'espalier.log'), { recursive: true })
  writeLogFiles(log, data.logsDirectory)
  await open()
  log.write('info', 'test.line', 'this is read although it is not saved')
  expect(app.view().unsaved.map(({ file }) => file)).toEqual(['espalier.log'])
  const lines = await app.handlers['logs.recent']({ limit: 50 })
  expect(lines.map(({ code }) => code)).toEqual(expect.arrayContaining(['test.line', 'state.unsaved']))
  expect(METHODS['app.get'].output.safeParse(app.view()).success).toBe(true)

  // Settings say no outright, and stay what they were.
  await rm(data.settingsFile)
  await mkdir(data.settingsFile)
  await expect(app.handlers['settings.save']({ publicName: 'walnut' })).rejects.toMatchObject({
    code: 'SETTINGS_NOT_SAVED',
  })
  expect(app.view().unsaved.map(({ file }) => file)).toEqual(['espalier.log', 'settings.json'])
  expect(app.settings().publicName).not.toBe('walnut')

  await rmdir(data.settingsFile)
  await rmdir(join(data.logsDirectory, 'espalier.log'))
  await app.handlers['settings.save']({ publicName: 'walnut' })
  log.write('info', 'test.line', 'this one is on the disk')
  expect(app.view().unsaved).toEqual([])
})

it('the identity is set right from a page, and neither key nor passphrase comes back', async () => {
  const key = await loadOrCreateIdentity(data.identityFile)
  await open()
  const passphrase = 'korrekt pferd batterie'
  const path = join(data.root, 'backup.json')
  const replies = [
    await app.handlers['identity.get']({}),
    await app.handlers['identity.export']({ path, passphrase }),
    await app.handlers['identity.renew']({}),
    await app.handlers['identity.import']({ path, passphrase }),
  ]
  expect(replies[3]).toMatchObject({ identity: { state: 'whole', peerId: key.publicKey.toString() } })
  const said = JSON.stringify([replies, await app.handlers['logs.recent']({ limit: 500 }), app.view()])
  const bytes = Buffer.from(privateKeyToProtobuf(key))
  for (const secret of [
    passphrase,
    bytes.toString('base64'),
    bytes.toString('hex'),
    bytes.subarray(4, 36).toString('hex'),
  ])
    expect(said).not.toContain(secret)
})

it('D-T33: a damaged identity keeps the node from starting, with the code that says so, until it is set right', async () => {
  await loadOrCreateIdentity(data.identityFile)
  await writeFile(data.identityFile, Buffer.alloc(68))
  await open()
  const preview = { url: 'http://127.0.0.1:9' }
  await expect(app.handlers['network.preview'](preview)).rejects.toMatchObject({ code: 'IDENTITY_UNREADABLE' })
  expect(await app.handlers['identity.get']({})).toMatchObject({ state: 'damaged' })
  await app.handlers['identity.restoreCopy']({})
  await expect(app.handlers['network.preview'](preview)).rejects.toMatchObject({ code: 'COORDINATOR_UNREACHABLE' })
})

it('D-T33: settings that were damaged are said to be, with the name under which they are kept', async () => {
  await writeFile(data.settingsFile, 'garbage')
  await open()
  expect(await app.handlers['logs.recent']({ limit: 50 })).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ code: 'state.damaged', message: expect.stringContaining('settings.json.damaged;') }),
    ]),
  )
})

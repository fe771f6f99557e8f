import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSettings } from '../app/settings-store'
import { loadOrCreateIdentity, readIdentity, readIdentityCopy } from '../network/identity'
import { type DataDirectory, openDataDirectory } from './data-directory'
import { lockDataDirectory } from './process-lock'
import { createSecretStore } from './secret-store'
import { bringStateForward, type StateStep } from './state-version'

let data: DataDirectory
beforeEach(async () => {
  data = await openDataDirectory(await mkdtemp(join(tmpdir(), 'espalier-damage-')))
})
afterEach(() => rm(data.root, { recursive: true, force: true }))

const log = { write: () => undefined }
const DAMAGES: [string, (bytes: Buffer) => Buffer][] = [
  ['cut short', (bytes) => bytes.subarray(0, Math.floor(bytes.length / 2))],
  ['emptied', () => Buffer.alloc(0)],
  ['zeroed', (bytes) => Buffer.alloc(bytes.length)],
  ['garbage', (bytes) => Buffer.from(bytes.map((byte, i) => (byte * 31 + i * 7) & 0xff))],
]

describe.each(DAMAGES)('D-T33: a file that is %s', (_, damage) => {
  it('of settings gives way to its copy, and is set aside', async () => {
    await (await openSettings(data.settingsFile, {}, log)).save({ publicName: 'walnut', startsRunning: true })
    const damaged = damage(await readFile(data.settingsFile))
    await writeFile(data.settingsFile, damaged)
    const { publicName, startsRunning } = (await openSettings(data.settingsFile, {}, log)).get()
    expect([publicName, startsRunning]).toEqual(['walnut', true])
    expect(await readFile(`${data.settingsFile}.damaged`)).toEqual(damaged)
    // And it is whole again, with its copy as it was.
    expect((await openSettings(data.settingsFile, {}, log)).get().publicName).toBe('walnut')
  })

  it('of the identity stops the node: never a new one, and the copy is named', async () => {
    const first = await loadOrCreateIdentity(data.identityFile)
    const damaged = damage(await readFile(data.identityFile))
    await writeFile(data.identityFile, damaged)
    for (let i = 0; i < 2; i++)
      await expect(loadOrCreateIdentity(data.identityFile)).rejects.toMatchObject({
        code: 'IDENTITY_UNREADABLE',
        message: expect.stringContaining(`its copy is whole (${first.publicKey})`),
      })
    expect(await readFile(data.identityFile)).toEqual(damaged)
  })

  it('of the lock does not keep the app from starting', async () => {
    const unlock = lockDataDirectory(data.root)
    unlock()
    const path = join(data.root, 'node.lock')
    await writeFile(path, damage(Buffer.alloc(4096, 1)))
    const again = lockDataDirectory(data.root)
    expect(() => lockDataDirectory(data.root)).toThrow(expect.objectContaining({ code: 'DATA_DIR_IN_USE' }))
    again()
  })
})

it('D-T33: the copy follows an identity that was put there by hand', async () => {
  await loadOrCreateIdentity(data.identityFile)
  const other = join(data.root, 'other.key')
  const wanted = await loadOrCreateIdentity(other)
  await copyFile(other, data.identityFile)
  await loadOrCreateIdentity(data.identityFile)
  expect((await readIdentityCopy(data.identityFile))?.publicKey.equals(wanted.publicKey)).toBe(true)
})

it('D-T33: an identity that is gone while its copy is there is no reason for a new one', async () => {
  await loadOrCreateIdentity(data.identityFile)
  await rm(data.identityFile)
  await expect(loadOrCreateIdentity(data.identityFile)).rejects.toMatchObject({ code: 'IDENTITY_MISSING' })
})

it('D-T33: a key of which one bit has changed is no identity', async () => {
  await loadOrCreateIdentity(data.identityFile)
  const bytes = await readFile(data.identityFile)
  // In the private half: what is read would be a key that nobody believes.
  bytes[10] = (bytes[10] ?? 0) ^ 1
  await writeFile(data.identityFile, bytes)
  await expect(readIdentity(data.identityFile)).rejects.toMatchObject({ code: 'IDENTITY_UNREADABLE' })
})

it('a secret that is forgotten is forgotten in the copy too', async () => {
  const secrets = createSecretStore(data.secretsFile, null)
  await secrets.set('huggingFaceToken', 'hf_something')
  await secrets.set('huggingFaceToken', null)
  for (const name of await readdir(data.root)) {
    expect(await readFile(join(data.root, name), 'utf8')).not.toContain('hf_something')
  }
})

describe('H-40: state files over versions', () => {
  const STEPS: StateStep[] = [
    {
      to: 2,
      what: 'the name has a field of its own',
      run: (at) => change(at, ({ name, ...others }) => ({ ...others, publicName: name })),
    },
    {
      to: 3,
      what: 'ports are numbers',
      run: (at) => change(at, (was) => ({ ...was, listenPort: Number(was.listenPort) })),
    },
    { to: 4, what: 'the theme is chosen', run: (at) => change(at, (was) => ({ theme: 'system', ...was })) },
  ]
  async function change(at: DataDirectory, to: (was: Record<string, unknown>) => object): Promise<void> {
    const was: Record<string, unknown> = JSON.parse(await readFile(at.settingsFile, 'utf8'))
    await writeFile(at.settingsFile, JSON.stringify(to(was)))
  }
  const kept = async () => JSON.parse(await readFile(data.settingsFile, 'utf8'))
  const versionOf = async () => JSON.parse(await readFile(data.versionFile, 'utf8')).version

  it('go forward through three versions, one at a time or all at once, with a backup of the first', async () => {
    const original = JSON.stringify({ name: 'walnut', listenPort: '4100', unknownToUs: [1] })
    await writeFile(join(data.root, 'node.lock'), 'held by this very process')
    const wanted = { publicName: 'walnut', listenPort: 4100, theme: 'system', unknownToUs: [1] }
    for (const jumps of [[3], [1, 2, 3], [2, 3]]) {
      await rm(data.versionFile, { force: true })
      await rm(`${data.versionFile}.copy`, { force: true })
      await writeFile(data.settingsFile, original)
      for (const upTo of jumps) {
        await bringStateForward(data, log, STEPS.slice(0, upTo))
        expect(await versionOf()).toBe(upTo + 1)
        // Again is nothing.
        await bringStateForward(data, log, STEPS.slice(0, upTo))
      }
      expect(await kept()).toEqual(wanted)
      const backup = join(data.root, 'backups', `state-1-before-${(jumps[0] ?? 0) + 1}`, 'settings.json')
      expect(await readFile(backup, 'utf8')).toBe(original)
      expect(await readdir(dirname(backup))).not.toContain('node.lock')
    }
  })

  it('a step that fails is run again, and those before it are not', async () => {
    await writeFile(data.settingsFile, JSON.stringify({ name: 'walnut', listenPort: '4100' }))
    const broken: StateStep = { to: 3, what: 'breaks', run: () => Promise.reject(new Error('no room')) }
    const [first, ...others] = STEPS
    await expect(bringStateForward(data, log, [first!, broken])).rejects.toThrow('no room')
    expect(await versionOf()).toBe(2)
    await bringStateForward(data, log, [{ ...first!, run: () => Promise.reject(new Error('again')) }, ...others])
    expect(await kept()).toEqual({ publicName: 'walnut', listenPort: 4100, theme: 'system' })
  })

  it('of a newer version are refused and left alone, with a backup', async () => {
    await loadOrCreateIdentity(data.identityFile)
    await writeFile(data.settingsFile, JSON.stringify({ name: 'walnut', listenPort: '4100' }))
    await bringStateForward(data, log, STEPS)
    const before = await readFile(data.settingsFile, 'utf8')
    await expect(bringStateForward(data, log)).rejects.toMatchObject({
      code: 'STATE_FROM_NEWER',
      message: expect.stringContaining('version 4'),
    })
    expect(await readFile(data.settingsFile, 'utf8')).toBe(before)
    const backup = join(data.root, 'backups', 'state-4-before-1')
    expect(await readdir(backup)).toEqual(expect.arrayContaining(['identity.key', 'settings.json', 'state.json']))
    expect(await readFile(join(backup, 'settings.json'), 'utf8')).toBe(before)
  })

  it('are no reason not to start where the version cannot be written', async () => {
    const unwritable = { ...data, versionFile: join(data.root, 'none', 'state.json') }
    await expect(bringStateForward(unwritable, log)).resolves.toBeUndefined()
  })

  it('of a new data directory have this version at once, and no backup', async () => {
    await bringStateForward(data, log, STEPS)
    expect(await versionOf()).toBe(4)
    expect(await readdir(data.root)).not.toContain('backups')
  })
})

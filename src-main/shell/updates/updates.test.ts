import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { statementFor } from '../../../scripts/sign-release.mjs'
import { FakeClock } from '../../../test/fake-clock'
import { compareVersions, type Release, readSignedRelease } from './signed-release'
import { updateFeedOf, updateWay } from './update-way'
import { createUpdates, type UpdatesOptions } from './updates'

const ours = generateKeyPairSync('ed25519')
const others = generateKeyPairSync('ed25519')
const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString()
const FILE = Buffer.from('the new version')

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'espalier-update-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const clock = new FakeClock()
const release = (change: Partial<Release> = {}): Release => ({
  format: 'espalier-release-1',
  version: '0.2.0',
  platform: 'linux',
  arch: 'x64',
  file: 'Espalier-0.2.0-linux-x64.AppImage',
  sizeBytes: FILE.length,
  sha512: createHash('sha512').update(FILE).digest('hex'),
  expiresAtMs: clock.now() + 86_400_000,
  ...change,
})

function statement(content: Release = release(), key: KeyObject = ours.privateKey): string {
  const text = JSON.stringify(content)
  return JSON.stringify({ release: text, signature: sign(null, Buffer.from(text), key).toString('base64') })
}

async function scene(answer: string, change: Partial<UpdatesOptions> = {}) {
  const file = join(root, 'download')
  await writeFile(file, FILE)
  const engine = { find: vi.fn(async () => '0.2.0'), download: vi.fn(async () => file), install: vi.fn() }
  const written: string[] = []
  const left = vi.fn(async () => undefined)
  const asked: string[] = []
  const updates = createUpdates({
    clock,
    log: { write: (_level, code) => void written.push(code) },
    way: 'automatic',
    feed: { url: 'https://updates.example/espalier/', publicKey: pem(ours.publicKey) },
    ...{ version: '0.1.0', platform: 'linux', arch: 'x64' },
    fetch: async (url) => {
      asked.push(String(url))
      return new Response(answer)
    },
    engine: async () => engine,
    beforeInstall: left,
    ...change,
  })
  return { updates, engine, written, left, asked, file }
}

describe('D-T31: an update that cannot be verified is refused', () => {
  it('D-T31: what our key signed is fetched, checked, and installed when its owner says so', async () => {
    const { updates, engine, left, asked } = await scene(statement())
    await updates.press()
    expect(asked).toEqual(['https://updates.example/espalier/release-linux-x64.json'])
    expect(updates.view()).toMatchObject({ state: 'ready', version: '0.2.0' })
    expect(engine.install).not.toHaveBeenCalled()
    await updates.press()
    expect(left).toHaveBeenCalledBefore(engine.install)
    expect(engine.install).toHaveBeenCalledTimes(1)
  })

  const flipped = () => {
    const signed = JSON.parse(statement())
    return JSON.stringify({ ...signed, release: signed.release.replace('0.2.0', '0.2.1') })
  }
  const attacks: Record<string, () => [answer: string, change?: Partial<UpdatesOptions>]> = {
    'a flipped bit in the statement': () => [flipped()],
    'a wrong key': () => [statement(release(), others.privateKey)],
    'a right signature for another system': () => [statement(release({ platform: 'win32' }))],
    'a right signature for another processor': () => [statement(release({ arch: 'arm64' }))],
    'an older version': () => [statement(release({ version: '0.0.9' }))],
    'a statement that has run out': () => [statement(release({ expiresAtMs: clock.now() - 1 }))],
    'a verifier that is missing': () => [
      statement(),
      { feed: { url: 'https://updates.example', publicKey: 'no key at all' } },
    ],
    'a key of another kind': () => [
      statement(),
      {
        feed: {
          url: 'https://updates.example',
          publicKey: pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey),
        },
      },
    ],
    'no statement but a page': () => ['<html>log in to the hotel</html>'],
    'an endless statement': () => [`${statement()}${' '.repeat(100_000)}`],
    'a server without TLS': () => [
      statement(),
      { feed: { url: 'http://updates.example', publicKey: pem(ours.publicKey) } },
    ],
  }
  it.each(Object.keys(attacks))('D-T31: %s', async (name) => {
    const [answer, change] = attacks[name]!()
    const { updates, engine, written } = await scene(answer, change)
    await updates.press()
    expect(updates.view()).toMatchObject({ state: 'refused', note: expect.stringContaining('Nothing was installed') })
    expect(written).toContain('update.refused')
    expect(engine.download).not.toHaveBeenCalled()
    expect(engine.install).not.toHaveBeenCalled()
  })

  it('D-T31: an older version is refused for that, also where the server offers the same', async () => {
    const { updates, engine } = await scene(statement(release({ version: '0.0.9' })))
    engine.find.mockResolvedValue('0.0.9')
    await updates.press()
    expect(updates.view()).toMatchObject({ state: 'refused', note: expect.stringContaining('older than 0.1.0') })
    expect(engine.download).not.toHaveBeenCalled()
  })

  it('D-T31: the statement is asked for at its own address, without cookies, and nowhere else', async () => {
    const fetch = vi.fn<typeof globalThis.fetch>(async () => new Response(statement()))
    const { updates } = await scene(statement(), { fetch })
    await updates.press()
    expect(fetch).toHaveBeenCalledWith(
      'https://updates.example/espalier/release-linux-x64.json',
      expect.objectContaining({ redirect: 'error', credentials: 'omit' }),
    )
  })

  it.each([
    ['a flipped bit', Buffer.from('The new version')],
    ['a byte too many', Buffer.from('the new version!')],
  ])('D-T31: %s in the downloaded file', async (_name, content) => {
    const { updates, engine, file } = await scene(statement())
    await writeFile(file, content)
    await updates.press()
    expect(updates.view().state).toBe('refused')
    await updates.press()
    expect(engine.install).not.toHaveBeenCalled()
  })

  it('D-T31: a file that is changed after it was checked, and a server that offers another version than was signed', async () => {
    const changed = await scene(statement())
    await changed.updates.press()
    await writeFile(changed.file, 'something else')
    await changed.updates.press()
    expect(changed.updates.view().state).toBe('refused')
    // It is not kept for another try: the next press looks again.
    await changed.updates.press()
    expect(changed.asked).toHaveLength(2)
    expect(changed.engine.install).not.toHaveBeenCalled()
    expect(changed.engine.install).not.toHaveBeenCalled()

    const other = await scene(statement())
    other.engine.find.mockResolvedValue('0.3.0')
    await other.updates.press()
    expect(other.updates.view().state).toBe('refused')
    expect(other.engine.download).not.toHaveBeenCalled()
  })
})

describe('updates', () => {
  it('a server that does not answer is no refusal, and is asked again', async () => {
    const { updates, engine } = await scene('', {
      fetch: async () => {
        throw new Error('offline')
      },
    })
    await updates.press()
    expect(updates.view()).toMatchObject({ state: 'failed', note: expect.stringContaining('offline') })
    expect(engine.download).not.toHaveBeenCalled()
  })

  it('the newest version says so', async () => {
    const { updates, engine } = await scene(statement(release({ version: '0.1.0' })))
    await updates.press()
    expect(updates.view().state).toBe('current')
    expect(engine.find).not.toHaveBeenCalled()
  })

  it('where a package manager installs, the app only tells', async () => {
    const { updates, engine } = await scene(statement(), { way: 'manual' })
    await updates.press()
    expect(updates.view()).toMatchObject({
      state: 'available',
      version: '0.2.0',
      note: expect.stringContaining('package manager'),
    })
    expect(engine.download).not.toHaveBeenCalled()
  })

  it('a build without a key looks for nothing', async () => {
    const { updates, asked } = await scene(statement(), { feed: null })
    await updates.press()
    await clock.advance(3 * 86_400_000)
    expect(asked).toEqual([])
    expect(updates.view()).toMatchObject({ way: 'none', state: 'idle' })
  })

  it('looks by itself soon after the start and once a day, until it is disposed', async () => {
    const { updates, asked } = await scene(statement(release({ version: '0.1.0' })))
    await clock.advance(61_000)
    expect(asked).toHaveLength(1)
    await expect.poll(() => updates.view().state).toBe('current')
    await clock.advance(86_400_000)
    expect(asked).toHaveLength(2)
    updates.dispose()
    await clock.advance(3 * 86_400_000)
    expect(asked).toHaveLength(2)
  })

  it('D-T31: what the release script signs is what the app takes, for the files that it installs by itself', () => {
    const key = ours.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const sign = (name: string) => statementFor(name, FILE, '0.2.0', key, clock.now())
    const made = sign('Espalier-0.2.0-linux-x86_64.AppImage')
    expect(made?.file).toBe('release-linux-x64.json')
    const expected = { platform: 'linux', arch: 'x64', currentVersion: '0.1.0', now: clock.now() } as const
    expect(readSignedRelease(made?.text ?? '', { ...expected, publicKey: pem(ours.publicKey) })).toMatchObject({
      version: '0.2.0',
      sizeBytes: FILE.length,
    })
    expect(sign('Espalier-0.2.0-win-x64.exe')?.file).toBe('release-win32-x64.json')
    expect(sign('Espalier-0.2.0-mac-arm64.zip')?.file).toBe('release-darwin-arm64.json')
    for (const name of ['Espalier-0.2.0-linux-amd64.deb', 'Espalier-0.2.0-mac-arm64.dmg', 'latest.yml']) {
      expect(sign(name)).toBeNull()
    }
  })

  it('orders versions', () => {
    const ordered = ['0.1.0-alpha.2', '0.1.0-alpha.10', '0.1.0', '0.1.1', '0.2.0', '0.10.0', '1.0.0']
    for (let at = 1; at < ordered.length; at++) expect(compareVersions(ordered[at - 1]!, ordered[at]!)).toBeLessThan(0)
    expect(compareVersions('1.2.3', '1.2.3')).toBe(0)
  })

  it('what belongs to a package manager is left to it; what was not installed is left alone', () => {
    expect(updateWay('linux', true, {})).toBe('manual')
    expect(updateWay('linux', true, { APPIMAGE: '/x.AppImage' })).toBe('automatic')
    expect(updateWay('win32', true, {})).toBe('automatic')
    expect(updateWay('darwin', false, {})).toBe('none')
  })

  it('the key comes with the build, or there is none', async () => {
    const feed = { url: 'https://updates.example', publicKey: pem(ours.publicKey) }
    expect(await updateFeedOf(root)).toBeNull()
    await writeFile(join(root, 'package.json'), JSON.stringify({ espalierUpdates: feed }))
    expect(await updateFeedOf(root)).toEqual(feed)
    await writeFile(
      join(root, 'package.json'),
      JSON.stringify({ espalierUpdates: { ...feed, url: 'http://x.example' } }),
    )
    expect(await updateFeedOf(root)).toBeNull()
  })
})

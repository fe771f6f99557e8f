import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { servingStatus } from '../../../e2e/support/status-fixtures'
import { appViewOf, checksOf, linesOf, SETTINGS } from '../../../e2e/support/view-fixtures'
import type { LogLine } from '../../../src-shared/app-views'
import { FakeClock } from '../../../test/fake-clock'
import { createAppViewBook } from '../../app/app-view-book'
import { createDiagnosing } from '../../app/diagnosing'
import { loadOrCreateIdentity } from '../../network/identity'
import { openDataDirectory } from '../../storage/data-directory'
import { type BundleSources, makeBundle } from './bundle'
import { knownSecrets } from './known-secrets'
import { createRedactor } from './redact'
import { namesOfOthers, settingsSecrets } from './settings-secrets'

const AT = 1_763_734_000_000
let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'espalier-support-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const line = (message: string, seq = 1): LogLine => ({ seq, at: AT, level: 'info', code: 'test', message })

function sourcesWith(messages: readonly string[]): BundleSources {
  return {
    now: AT,
    app: appViewOf(AT),
    runtime: 'Node v20',
    status: servingStatus(AT),
    settings: SETTINGS,
    checks: checksOf(AT),
    logLines: messages.map((message, index) => line(message, index + 1)),
  }
}

describe('D-T36: what leaves this computer', () => {
  it('D-T36: twelve planted secrets are in no line of the bundle, however they are written', async () => {
    const data = await openDataDirectory(join(root, 'data'))
    const key = await loadOrCreateIdentity(data.identityFile)
    const apiKey = `sk-${'Qx7_z'.repeat(8)}`
    await writeFile(data.apiKeyFile, apiKey)
    const grant = 'grant-of-this-node-which-nobody-may-see'
    await writeFile(data.membershipFile, JSON.stringify({ grant: { token: grant } }))
    const identity = await readFile(data.identityFile)
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const [, body = ''] = pem.split('\n')
    const canaries: Record<string, string> = {
      'identity key, base64': identity.toString('base64'),
      'identity key, hex': identity.toString('hex'),
      'private key in PEM': body,
      'private key with many slashes': 'MC4CAQAwBQYDK2VwBC/EIJx+4fPq7sKd9mWn/2zYtR8vLbQc5+HgXeTaUo1iNj/w',
      'API key': apiKey,
      'capability token': 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ3LTQxYzAifQ.c2lnbmF0dXJlLW9mLWEtdG9rZW4',
      'Hugging Face token': 'hf_AbCdEfGhIjKlMnOpQrStUv',
      'membership grant': grant,
      'invite link': 'espalier://invite?url=https%3A%2F%2Forchard.example&invite=eyJ0eXAi.eyJpc3Mi.c2ln',
      'home path': '/home/wilhelmina/models/secret-plans.gguf',
      'public address': '203.0.113.77',
      'IPv6 address': '2001:db8:85a3::8a2e:370:7334',
      'peer id': key.publicKey.toString(),
      'node name': 'wilhelmina-attic',
      'web address': 'https://kim:hunter2@orchard.example/dashboard?token=abcdef123456',
    }
    const messages = Object.entries(canaries).flatMap(([what, secret]) => [
      `${what}: ${secret}`,
      `${what} ${JSON.stringify({ value: secret })}; ${secret.toUpperCase() === secret ? '' : secret}`,
      `(${what}=${secret})`,
    ])
    messages.push(pem, `Authorization: Bearer ${'abc.DEF-123'.repeat(2)}`, 'Windows: C:\\Users\\Wilhelmina\\plans.gguf')
    const known = await knownSecrets(data, 'wilhelmina-attic')
    const { text, takenOut } = makeBundle(sourcesWith(messages), createRedactor(known))
    for (const [what, secret] of Object.entries(canaries)) {
      expect(text.toLowerCase(), what).not.toContain(secret.toLowerCase())
    }
    for (const part of [
      'hunter2',
      'orchard.example',
      'secret-plans',
      'Wilhelmina',
      'abcdef123456',
      'abc.DEF-123',
      data.root,
    ]) {
      expect(text, part).not.toContain(part)
    }
    expect(takenOut.map(({ what }) => what)).toEqual(
      expect.arrayContaining([
        'identity key',
        'API key',
        'token',
        'address',
        'peer',
        'path',
        'node name',
        'membership',
      ]),
    )
    expect(Object.keys(canaries).length).toBeGreaterThanOrEqual(12)
  })

  it('H-39: what the program was started with has no byte in the bundle', async () => {
    const data = await openDataDirectory(join(root, 'data'))
    const env = {
      HF_TOKEN: 'canary-of-a-token',
      AWS_SECRET_ACCESS_KEY: 'Canary/Of+A/Secret',
      DB_PASSWORD: 'canary-pass-word',
      https_proxy: 'http://kim:canary%40proxy@proxy.example:3128',
      HARMLESS: 'orchard walls',
      MY_TOKEN_COUNT: '12',
    }
    const messages = Object.values(env).flatMap((value) => [value, `failed with ${value}!`, JSON.stringify({ value })])
    messages.push('the proxy got canary@proxy')
    const { text } = makeBundle(sourcesWith(messages), createRedactor(await knownSecrets(data, 'attic-pc', env)))
    expect(text).not.toMatch(/canary/i)
    expect(text).toContain('orchard walls')
    expect(text).toMatch(/secret of the environment/)
  })

  it('D-T36: this computer’s and its user’s names go, also in the middle of a line', async () => {
    const data = await openDataDirectory(join(root, 'data'))
    const known = await knownSecrets(data, 'attic-pc')
    expect(known).toEqual(expect.arrayContaining([{ word: 'computer', value: hostname() }]))
    const { clean } = createRedactor([...known, { word: 'user name', value: 'wilhelmina' }])
    expect(clean('login of wilhelmina@host, Wilhelmina’s node attic-pc')).not.toMatch(/wilhelmina|attic-pc/i)
    if (hostname().length >= 3 && hostname() !== 'localhost')
      expect(clean(`on ${hostname()}.`)).not.toContain(hostname())
  })

  it('D-T36: neither the prompt nor which model file is in it', () => {
    const { text } = makeBundle(
      { ...sourcesWith([]), settings: { ...SETTINGS, modelPath: '/srv/my-diary.gguf' } },
      createRedactor(),
    )
    expect(text).toContain('modelPath: (set)')
    expect(text).not.toContain('my-diary')
  })

  it.each([
    ["ENOENT: no such file, open '/media/Anna Müller/Geheime Pläne/model.gguf'", /Anna|Müller|Geheime|Pläne|model/],
    ["open '/media/Anna's Disk/my diary.gguf', and on", /Anna|Disk|diary/],
    ['{"path":"/srv/Project Manhattan/model.gguf"}', /Manhattan|model/],
    ['Model file: /mnt/Backup Disk/Kim Secret/my diary.gguf is not there', /Disk|Kim|Secret|diary/],
    ['/media/Erika Mustermann/planted host.gguf cannot be read', /Erika|Mustermann|planted|host/],
    ['C:\\Users\\Anna Maria\\Meine Modelle\\x y.gguf is not there', /Anna|Maria|Meine|Modelle|y\.gguf/],
    ['see \\\\NAS-ANNA\\share\\x.gguf', /ANNA|share/],
    ['at smb://nas.anna.lan/My Share/x.gguf', /anna|Share/],
    ['file:///home/anna/secret.gguf', /anna|secret/],
    ['ssh://anna@attic/x', /anna|attic/],
    ['socks5://anna:pw123456@attic:1080', /anna|pw123456|attic/],
    ['postgres://anna:hunter2@db.example/espalier', /anna|hunter2|db\.example/],
    ['Authorization: Basic YW5uYTpodW50ZXIy', /YW5u/],
    ['sent Basic YW5uYTpodW50ZXIy==', /YW5u/],
    ['getaddrinfo ENOTFOUND orchard.example', /orchard/],
    ['getaddrinfo ENOTFOUND attic', /attic/],
    ['no answer from orchard.example:8000', /orchard/],
    ['ESPALIER://INVITE?url=x&invite=ab', /INVITE\?/],
    ['by invite c2da817d, reason Invited: Erika, of the (old) house', /Erika|old/],
    ['others see the name “Kim Müller”, yours is “attic-pc”', /Kim|Müller|attic/],
    ['mail anna.müller@example.org', /anna|müller/],
  ])('D-T36: what a stranger found in a bundle is out of it: %s', (text, secret) => {
    expect(createRedactor().clean(text)).not.toMatch(secret)
  })

  it('D-T36: what stands in the settings and what others call themselves is known, wherever it appears', () => {
    const known = [
      ...settingsSecrets({
        ...SETTINGS,
        modelPath: '/media/disk of Kim/x',
        caFile: '/etc/ssl/Anna Corp',
        proxyUrl: 'http://proxy.anna-corp.example:3128',
        network: { kind: 'coordinator', url: 'https://orchard.example' },
      }),
      ...namesOfOthers({ peers: servingStatus(AT).peers.map((peer, i) => ({ ...peer, publicName: `Kim Nr ${i}` })) }),
    ]
    const { clean } = createRedactor(known)
    expect(clean('x /media/disk of Kim/x y, /etc/ssl/Anna Corp z')).toBe('x ‹model file› y, ‹certificates› z')
    expect(clean('orchard.example and proxy.anna-corp.example failed')).toBe('‹coordinator› and ‹proxy› failed')
    expect(clean('https://kim@orchard.example:8443/x?token=y')).toBe('https://‹coordinator›:8443')
    expect(clean('Kim Nr 0 left')).toBe('‹other node 1› left')
  })

  it('D-T36: a user name within a path or an address does not keep the rest of it', () => {
    const { clean } = createRedactor([{ word: 'user name', value: 'wilhelmina' }])
    expect(clean('open /media/wilhelmina/stick/diary.gguf')).toBe('open ‹path 1›')
    expect(clean('at https://wilhelmina.example/private')).not.toMatch(/wilhelmina|private/)
  })

  it('keeps what helps: codes, loopback, ports, paths of protocols, and one name for one peer', () => {
    const peers = [
      '12D3KooWGRUVh5d3F9qmDbT1HkqXkyjJWqU2cWkKmCsVhDgC1abc',
      '12D3KooWPjceQrSwdWXPyLLeABRXmuqt69Rg3sBYbU1Nft9HyQ6X',
    ]
    const { clean } = createRedactor()
    expect(clean(`${peers[0]} then ${peers[1]} then ${peers[0]}`)).toBe('‹peer 1› then ‹peer 2› then ‹peer 1›')
    for (const plain of [
      'POST /workers/heartbeat: HTTP 200',
      '/kwaai/inference/1.0.0 and /espalier/witness/1',
      'http://127.0.0.1:8000 answers',
      'NOT_DIALLED_BACK after 12/16 blocks, 3.5 s',
      'llama.cpp v0.4.0, largest difference 0.0004',
      'at 2026-11-21T14:15:00.000Z',
      'at createNode (node.ts:123)',
      'POST /workers/heartbeat and 12/16 blocks of "/network/manifest"',
      'Basic checks',
    ]) {
      expect(clean(plain)).toBe(plain)
    }
    expect(clean('dial /ip4/203.0.113.7/tcp/4001')).toBe('dial /ip4/‹address 1›/tcp/4001')
    expect(clean('https://orchard.example:8443/x?y=1')).toBe('https://‹web address 1›:8443')
  })

  it('the newest lines of a long log fit into one message; what is old is left out first', () => {
    const lines = linesOf(AT, 500).map((entry) => ({ ...entry, message: `${entry.seq} ${'“‽” '.repeat(90)}` }))
    const { text } = makeBundle({ ...sourcesWith([]), logLines: lines }, createRedactor())
    expect(Buffer.byteLength(JSON.stringify(text))).toBeLessThan(130_000)
    expect(text).toContain(' 500 “‽”')
    expect(text).not.toContain(' 1 “‽”')
  })
})

describe('the bundle on disk', () => {
  it('is what was shown, to the letter, and nothing that was not shown', async () => {
    const data = await openDataDirectory(join(root, 'data'))
    const clock = new FakeClock()
    const handlers = createDiagnosing({
      ...{ clock, data },
      context: () => ({
        ...{ clock, data, fetch: globalThis.fetch, listenPort: 0, coordinatorUrl: null, bootstraps: [], status: null },
        ...{ running: null, modelPath: null, manifestPath: null, findStartEntries: async () => [] },
        listProcesses: async () => [],
        spawnEngine: () => {
          throw new Error('no engine here')
        },
      }),
      status: () => servingStatus(AT),
      settings: () => SETTINGS,
      view: createAppViewBook({ version: '0.1.0', host: 'headless', platform: 'linux x64' }),
      log: { recent: () => linesOf(AT, 5) },
    })
    await expect(handlers['diagnostics.saveBundle']({ id: 'guessed' })).rejects.toThrow('was not shown')
    const shown = await handlers['diagnostics.bundle']({ kind: 'whole' })
    // H-46: a disk that does not take it is no surprise.
    await writeFile(join(data.root, 'support'), 'in the way')
    await expect(handlers['diagnostics.saveBundle']({ id: shown.id })).rejects.toMatchObject({
      code: 'FILE_NOT_WRITTEN',
    })
    await rm(join(data.root, 'support'))
    const { path } = await handlers['diagnostics.saveBundle']({ id: shown.id })
    expect(await readFile(path, 'utf8')).toBe(shown.text)
    expect(await readdir(join(data.root, 'support'))).toHaveLength(1)
    const summary = await handlers['diagnostics.bundle']({ kind: 'summary' })
    expect(summary.text.length).toBeLessThan(shown.text.length)
    await expect(handlers['diagnostics.saveBundle']({ id: summary.id })).rejects.toThrow('was not shown')
  })
})

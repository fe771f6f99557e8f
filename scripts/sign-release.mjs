// Writes the signed statement that the app demands before it installs an update: which file, for which system, with
// which hash, until when. `ESPALIER_UPDATE_PRIVATE_KEY` is an Ed25519 key in PEM.
//   node scripts/sign-release.mjs FOLDER-WITH-INSTALLERS
import { createHash, createPrivateKey, sign } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** After so many days without a new statement the app no longer believes the old one. */
const DAYS = 45
/** The kind of file that the app itself installs; Linux' packages belong to their package managers. */
const INSTALLED = { win32: '.exe', darwin: '.zip', linux: '.AppImage' }
/** As electron-builder's file names have it, in the words of Node. */
const SYSTEMS = { win: 'win32', mac: 'darwin', linux: 'linux' }
const PROCESSORS = { x64: 'x64', x86_64: 'x64', arm64: 'arm64' }

export function statementFor(name, bytes, version, privateKeyPem, now) {
  const [, system, processor] = /-(win|mac|linux)-(x64|x86_64|arm64)\.\w+$/.exec(name) ?? []
  const platform = SYSTEMS[system]
  const arch = PROCESSORS[processor]
  if (!platform || !arch || !name.endsWith(INSTALLED[platform])) return null
  const release = JSON.stringify({
    format: 'espalier-release-1',
    ...{ version, platform, arch, file: name, sizeBytes: bytes.length },
    sha512: createHash('sha512').update(bytes).digest('hex'),
    expiresAtMs: now + DAYS * 86_400_000,
  })
  const signature = sign(null, Buffer.from(release), createPrivateKey(privateKeyPem)).toString('base64')
  return { file: `release-${platform}-${arch}.json`, text: `${JSON.stringify({ release, signature })}\n` }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = process.argv[2]
  const key = process.env.ESPALIER_UPDATE_PRIVATE_KEY
  if (!folder || !key) throw new Error('sign-release.mjs FOLDER, with ESPALIER_UPDATE_PRIVATE_KEY')
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  for (const name of readdirSync(folder)) {
    const made = statementFor(name, readFileSync(join(folder, name)), version, key, Date.now())
    if (!made) continue
    writeFileSync(join(folder, made.file), made.text)
    console.log(`${made.file}: ${name}`)
  }
}

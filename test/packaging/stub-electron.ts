import { readFileSync } from 'node:fs'
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createPackage } from '@electron/asar'

// Where the fuses are in Electron's executable: this text, the version of the scheme, how many there are, a character
// for each ('0' off, '1' on). @electron/fuses looks for the text and knows nine.
const FUSE_SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'
const FUSE_VERSION = 1
// The opposite of what we want wherever we want something, so that an unwritten fuse shows.
const UNSET_FUSES = '101100011'

const PROGRAMS = ['chrome-sandbox', 'chrome_crashpad_handler']
const FILES = [
  'LICENSE',
  'LICENSES.chromium.html',
  'chrome_100_percent.pak',
  'chrome_200_percent.pak',
  'icudtl.dat',
  'libEGL.so',
  'libGLESv2.so',
  'libffmpeg.so',
  'libvk_swiftshader.so',
  'libvulkan.so.1',
  'locales/de.pak',
  'locales/en-US.pak',
  'locales/fr.pak',
  'resources.pak',
  'snapshot_blob.bin',
  'v8_context_snapshot.bin',
  'vk_swiftshader_icd.json',
]

/**
 * Makes what an unpacked Electron for Linux looks like to electron-builder: names, a parsable default app, fuses.
 * It runs nothing; it shows how our files are laid out around an Electron, where no real one is at hand.
 */
export async function makeStubElectron(folder: string): Promise<void> {
  await mkdir(join(folder, 'locales'), { recursive: true })
  await mkdir(join(folder, 'resources'))
  for (const name of FILES) await writeFile(join(folder, name), name)
  for (const name of PROGRAMS) await writeProgram(join(folder, name), Buffer.from('#!/bin/sh\n'))
  await writeFile(join(folder, 'version'), electronVersion())
  await writeProgram(
    join(folder, 'electron'),
    Buffer.concat([
      Buffer.from('#!/bin/sh\nexit 1\n'),
      Buffer.from(FUSE_SENTINEL),
      Buffer.from([FUSE_VERSION, UNSET_FUSES.length]),
      Buffer.from(UNSET_FUSES),
      Buffer.from('\n'),
    ]),
  )
  const app = join(folder, 'default-app')
  await mkdir(app)
  await writeFile(join(app, 'main.js'), '')
  await createPackage(app, join(folder, 'resources/default_app.asar'))
  await rm(app, { recursive: true })
}

async function writeProgram(path: string, content: Buffer): Promise<void> {
  await writeFile(path, content)
  await chmod(path, 0o755)
}

function electronVersion(): string {
  const manifest = join(dirname(createRequire(import.meta.url).resolve('electron/package.json')), 'package.json')
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
}

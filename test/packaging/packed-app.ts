import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { extractAll, listPackage } from '@electron/asar'
import { runNode } from './node-program'
import { makeStubElectron } from './stub-electron'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface PackedApp {
  /** The folder that a package installs. */
  installed: string
  executable: string
  asar: string
  unpacked: string
  /** What the archive holds, files and folders, with `/` and without a leading one. */
  listing: string[]
  /** The Debian package, where one was asked for. */
  deb: string | null
  /** The archive's content as plain files, the unpacked ones among them: what a plain Node can run. */
  extracted: string
  remove(): Promise<void>
}

/** Builds the app unless the last build is of these sources. */
export async function buildApp(): Promise<void> {
  await succeed([join(ROOT, 'scripts/build-once.mjs')])
}

/** Builds the app and packs it for this Linux computer around a stub Electron. Takes about 10 s, a package 20 s more. */
export async function packForLinux(
  target: 'dir' | 'deb' = 'dir',
  env: Readonly<Record<string, string>> = {},
): Promise<PackedApp> {
  const temporary = await mkdtemp(join(tmpdir(), 'espalier-packed-'))
  const remove = () => rm(temporary, { recursive: true, force: true })
  try {
    return { ...(await packInto(temporary, target, env)), remove }
  } catch (error) {
    await remove()
    throw error
  }
}

async function packInto(
  temporary: string,
  target: 'dir' | 'deb',
  env: Readonly<Record<string, string>>,
): Promise<Omit<PackedApp, 'remove'>> {
  await buildApp()
  const electron = join(temporary, 'electron')
  await mkdir(electron)
  await makeStubElectron(electron)
  const builder = join(ROOT, 'node_modules/electron-builder/cli.js')
  const output = join(temporary, 'dist')
  await succeed(
    [
      ...[builder, '--linux', target, '--publish', 'never', '--config', join(ROOT, 'build/electron-builder.mjs')],
      `-c.directories.output=${output}`,
    ],
    {
      ELECTRON_OVERRIDE_DIST_PATH: electron,
      CUSTOM_FPM_PATH: join(ROOT, 'test/packaging/fpm-stand-in.mjs'),
      ...env,
    },
  )
  const installed = join(output, 'linux-unpacked')
  const asar = join(installed, 'resources/app.asar')
  const extracted = join(temporary, 'extracted')
  extractAll(asar, extracted)
  const deb = (await readdir(output)).find((name) => name.endsWith('.deb'))
  return {
    deb: deb === undefined ? null : join(output, deb),
    installed,
    executable: join(installed, 'espalier'),
    asar,
    unpacked: `${asar}.unpacked`,
    listing: listPackage(asar, { isPack: false }).map((path) => path.slice(1)),
    extracted,
  }
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

async function succeed(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<void> {
  const { code, stdout, stderr } = await runNode(args, { cwd: ROOT, env })
  if (code !== 0) throw new Error(`${args[0]} ended with ${code}:\n${stdout}\n${stderr}`)
}

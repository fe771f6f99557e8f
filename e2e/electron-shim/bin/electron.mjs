// Stands in for the Electron executable: `electron [--switch[=value] …] <folder of the app>`.
// Runs the built main script in Node, with real pages in the system's Chromium. Passing here is not passing on
// Electron: see the list in ../README.md.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { refuseExternalBuffers } from '../external-buffers.mjs'
import { pretendElectron } from '../pretend.mjs'

const args = process.argv.slice(2)
if (args.includes('--version')) {
  console.log('v0.0.0-shim')
  process.exit(0)
}
const switches = Object.fromEntries(
  args
    .filter((argument) => argument.startsWith('--'))
    .map((argument) => /^--([^=]+)(?:=(.*))?$/.exec(argument) ?? [])
    .map(([, name = '', value = '']) => [name, value]),
)
const folder = resolve(args.find((argument) => !argument.startsWith('-')) ?? '.')
const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
const main = pathToFileURL(resolve(folder, manifest.main)).href
const directory = fileURLToPath(new URL('..', import.meta.url))

if (typeof Promise.withResolvers !== 'function') {
  Promise.withResolvers = () => {
    const out = {}
    out.promise = new Promise((resolve, reject) => Object.assign(out, { resolve, reject }))
    return out
  }
}
const { runShim } = await import(pathToFileURL(await bundled()).href)
pretendElectron('browser')
process.argv = [process.execPath, folder]
refuseExternalBuffers()
await runShim({ switches, directory, loadMain: () => import(main) })

/** The shim shares its fake with the unit tests, so it is TypeScript; this makes it runnable, once per change. */
async function bundled() {
  const cache = fileURLToPath(new URL('../../../node_modules/.cache/espalier-electron-shim', import.meta.url))
  const file = join(cache, 'shim.mjs')
  const newest = Math.max(...readdirSync(directory).map((name) => statSync(join(directory, name)).mtimeMs))
  if (existsSync(file) && statSync(file).mtimeMs > newest) return file
  mkdirSync(cache, { recursive: true })
  const { rolldown } = await import('rolldown')
  const bundle = await rolldown({
    input: join(directory, 'shim.ts'),
    platform: 'node',
    external: (id) => !id.startsWith('.') && !id.startsWith('/'),
    logLevel: 'silent',
  })
  await bundle.write({ file, format: 'es' })
  await bundle.close()
  return file
}

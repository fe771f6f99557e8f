import inspector from 'node:inspector'
import Module, { register } from 'node:module'
import { join } from 'node:path'
import { createChromiumBackend } from './chromium-backend'
import { startChromium } from './chromium-process'
import { createFakeElectron } from './fake-electron'
import type { PageBackend, PageHooks } from './fake-types'

export interface ShimOptions {
  switches: Readonly<Record<string, string>>
  /** Where utility-bootstrap.mjs lies. */
  directory: string
  /** Runs the app's main script. */
  loadMain(): Promise<void>
}

/** Takes the place of the Electron executable in this process: `electron` can be imported, and windows have pages. */
export async function runShim({ switches, directory, loadMain }: ShimOptions): Promise<void> {
  const chromium = await startChromium()
  const backend = Promise.withResolvers<PageBackend>()
  let hooks: PageHooks | null = null
  const fake = createFakeElectron({
    switches,
    utilityBootstrap: join(directory, 'utility-bootstrap.mjs'),
    backend(given) {
      hooks = given
      return {
        openPage: async (window) => (await backend.promise).openPage(window),
        quit: async (exitCode) => (await backend.promise).quit(exitCode),
      }
    },
  })
  if (!hooks) throw new Error('the fake gave no hooks')
  const end = (exitCode: number) => {
    inspector.close()
    process.exit(exitCode)
  }
  backend.resolve(await createChromiumBackend(chromium, hooks, end))
  void chromium.exited.then(() => {
    if (fake.app.exitCode === null) process.exit(1)
  })
  provideElectron({ ...fake.module, shim: fake })

  // Playwright waits for these two lines. The first one prints itself.
  if ('inspect' in switches) inspector.open(0)
  process.stderr.write(`DevTools listening on ${chromium.endpoint}\n`)
  await loadMain()
  fake.app.becomeReady()
}

/** For `import` in the app and for the `require` of Playwright's `evaluate`. */
function provideElectron(electron: Record<string, unknown>): void {
  const loader = Module as unknown as { _load(id: string, ...rest: unknown[]): unknown }
  const load = loader._load
  loader._load = function _load(id, ...rest) {
    return id === 'electron' ? electron : load.call(this, id, ...rest)
  }
  ;(globalThis as { electronShimModule?: unknown }).electronShimModule = electron
  const names = Object.keys(electron).filter((name) => name !== 'shim')
  const source = [
    'const electron = globalThis.electronShimModule',
    'export default electron',
    ...names.map((name) => `export const ${name} = electron.${name}`),
  ].join('\n')
  const hooks = `
    const source = ${JSON.stringify(source)}
    export async function resolve(specifier, context, next) {
      return specifier === 'electron' ? { url: 'electron-shim:electron', format: 'module', shortCircuit: true } : next(specifier, context)
    }
    export async function load(url, context, next) {
      return url === 'electron-shim:electron' ? { format: 'module', source, shortCircuit: true } : next(url, context)
    }`
  register(`data:text/javascript,${encodeURIComponent(hooks)}`)
}

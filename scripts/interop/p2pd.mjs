import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE, isThere, run } from './programs.mjs'

const MODULE = 'github.com/learning-at-home/go-libp2p-daemon'
/** What hivemind itself takes. */
const VERSION = 'v0.5.0.hivemind1'
/**
 * The daemon's QUIC library reaches into Go's own TLS by names that newer Go keeps to itself. Go fetches this one from
 * the module proxy, checked like any module.
 */
const TOOLCHAIN = 'go1.21.13'

/**
 * hivemind's libp2p daemon: `{ path }`, or `{ skipped }` with the reason. ESPALIER_P2PD names one that is there.
 * @param packaged the one that an installed hivemind brought with it, or null; else Go builds one
 */
export function p2pd(packaged) {
  const named = process.env.ESPALIER_P2PD
  if (named && !existsSync(named)) throw new Error(`There is no p2pd at ${named}`)
  if (named || packaged) return { path: named || packaged }
  const directory = join(CACHE, `p2pd-${VERSION}`)
  const path = join(directory, process.platform === 'win32' ? 'p2pd.exe' : 'p2pd')
  if (existsSync(path)) return { path }
  if (!isThere('go', ['version'])) return { skipped: 'neither hivemind, which brings one, nor Go is installed' }
  console.log(`Building ${MODULE}@${VERSION} with ${TOOLCHAIN}: some minutes, once.`)
  const building = `${directory}-${process.pid}`
  mkdirSync(building, { recursive: true })
  const { failure } = run('go', ['install', `${MODULE}/p2pd@${VERSION}`], {
    env: { GOBIN: building, GOTOOLCHAIN: TOOLCHAIN },
  })
  if (failure) {
    rmSync(building, { recursive: true, force: true })
    return { skipped: `Go cannot get or build ${MODULE}@${VERSION} (${failure})` }
  }
  renameSync(building, directory)
  return { path }
}

// The tests against hivemind's own libp2p daemon, `p2pd`, where it can be had: ESPALIER_P2PD names a binary, or Go builds
// one. Where neither is possible nothing is tested, and the last line says so.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MODULE = 'github.com/learning-at-home/go-libp2p-daemon'
/** What hivemind itself downloads. */
const VERSION = 'v0.5.0.hivemind1'
const BUILD_WITHIN_MS = 600_000

const root = fileURLToPath(new URL('..', import.meta.url))

function skip(why) {
  console.log(`Skipped: ${why}`)
  console.log(
    'Nothing was tested against a real p2pd. The same framing is tested by test/interop/strict-p2pd.integration.test.ts.',
  )
  process.exit(0)
}

/** Path of the daemon in `directory`. */
function build(directory) {
  if (spawnSync('go', ['version'], { stdio: 'ignore' }).status !== 0) skip('Go is not installed')
  const { status, stderr, error } = spawnSync('go', ['install', `${MODULE}/p2pd@${VERSION}`], {
    env: { ...process.env, GOBIN: directory },
    encoding: 'utf8',
    timeout: BUILD_WITHIN_MS,
  })
  if (status !== 0) {
    const words = (stderr ?? '').trim().split('\n').slice(-2).join(' ')
    skip(`Go cannot get or build ${MODULE}@${VERSION} (${words || error?.message || `exit ${status}`})`)
  }
  return join(directory, 'p2pd')
}

const directory = mkdtempSync(join(tmpdir(), 'espalier-p2pd-'))
process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
const program = process.env.ESPALIER_P2PD ?? build(directory)
if (!existsSync(program)) {
  console.error(`There is no p2pd at ${program}`)
  process.exit(1)
}
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
const { status } = spawnSync(process.execPath, [vitest, 'run', '--project', 'interop'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, ESPALIER_P2PD: program },
})
process.exit(status ?? 1)

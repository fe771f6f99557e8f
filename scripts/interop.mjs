// The tests against peers of other families, as far as they can be had on this computer: hivemind's DHT in Python and its
// libp2p daemon `p2pd` (both from PyPI, with `--install` the first time; the daemon alone also where Go can build it), and
// a peer on rust-libp2p (needs Cargo). What could not be had is not tested, and the last lines say so.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hivemind } from './interop/hivemind.mjs'
import { p2pd } from './interop/p2pd.mjs'
import { rustPeer } from './interop/rust-peer.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const args = process.argv.slice(2)
const mayInstall = args.includes('--install')

const python = hivemind(mayInstall)
const daemon = p2pd(python.p2pd)
const rust = rustPeer()
const families = [
  { name: 'p2pd', variable: 'ESPALIER_P2PD', ...daemon },
  { name: 'hivemind in Python', variable: 'ESPALIER_HIVEMIND_PYTHON', ...python },
  { name: 'rust-libp2p', variable: 'ESPALIER_RUST_PEER', ...rust },
]

let status = 0
if (families.some(({ path }) => path)) {
  const env = { ...process.env }
  for (const { variable, path } of families) {
    // An empty one skips the tests of that family.
    env[variable] = path ?? ''
  }
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const rest = args.filter((argument) => argument !== '--install')
  status = spawnSync(process.execPath, [vitest, 'run', '--project', 'interop', ...rest], {
    cwd: root,
    stdio: 'inherit',
    env,
  }).status
}
for (const { name, skipped } of families) {
  if (skipped) console.log(`Skipped: nothing was tested against ${name}: ${skipped}`)
}
if (daemon.skipped) {
  console.log('The framing of p2pd is also tested by test/interop/strict-p2pd.integration.test.ts.')
}
process.exit(status ?? 1)

import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE, run } from './programs.mjs'

/** As PyPI has them. They go without what they declare to need, torch above all: light.py imports what the DHT uses. */
const PUBLISHED = ['hivemind==1.1.12', 'petals==2.2.0.post1']
const NEEDED = [
  ...['async-timeout', 'base58', 'cryptography', 'idna', 'msgpack', 'netaddr', 'numpy', 'packaging'],
  ...['prefetch_generator', 'protobuf>=5.29', 'py-cid', 'py-multihash', 'pydantic>=2', 'sortedcontainers'],
  ...['uvloop', 'varint'],
]

/**
 * A Python interpreter with hivemind and Petals: `{ path, p2pd }`, or `{ skipped }` with the reason. ESPALIER_HIVEMIND_PYTHON
 * names one that is there. `p2pd` is the daemon that hivemind's package brings with it.
 */
export function hivemind(mayInstall) {
  const named = process.env.ESPALIER_HIVEMIND_PYTHON
  if (named) return { path: named, p2pd: daemonOf(named) }
  const directory = join(CACHE, PUBLISHED.join('-').replaceAll('==', '-'))
  const path = join(directory, 'bin', 'python3')
  if (!existsSync(path)) {
    if (!mayInstall)
      return { skipped: 'it is not installed; `npm run test:interop -- --install` does it (170 MB from PyPI)' }
    const failure = install(directory, path)
    if (failure) {
      rmSync(directory, { recursive: true, force: true })
      return { skipped: failure }
    }
  }
  return { path, p2pd: daemonOf(path) }
}

/** @returns why not, or null */
function install(directory, python) {
  mkdirSync(CACHE, { recursive: true })
  console.log(`Installing ${PUBLISHED.join(' and ')} from PyPI.`)
  const venv = run('python3', ['-m', 'venv', directory])
  if (venv.failure) return `Python cannot make an environment (${venv.failure})`
  const pip = (...args) => run(python, ['-m', 'pip', 'install', '--quiet', ...args]).failure
  // Where there is no built hivemind for a computer, pip would build one, which takes all of torch.
  const failure = pip('--no-deps', '--only-binary', ':all:', ...PUBLISHED) ?? pip(...NEEDED)
  return failure && `pip cannot install it (${failure})`
}

function daemonOf(python) {
  const where = "import importlib.util as u; print(u.find_spec('hivemind').submodule_search_locations[0])"
  const { stdout } = run(python, ['-c', where])
  const path = stdout === null ? null : join(stdout.trim(), 'hivemind_cli', 'p2pd')
  return path && existsSync(path) ? path : null
}

// Real nodes behind real routers: Linux network namespaces with address translation between them. Needs root on Linux,
// with iproute2 and nftables; where that is not so nothing is tested, and the last line says so. Never part of `npm test`.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Every namespace that the tests make begins so; nothing else is ever removed. */
const PREFIX = 'espalier-nat-'
const root = fileURLToPath(new URL('..', import.meta.url))

function skip(why) {
  console.log(`Skipped: ${why}`)
  console.log(
    'Nothing was tested behind a router. Relaying on one computer is tested by test/nat/*.integration.test.ts.',
  )
  process.exit(0)
}

const run = (...[command, ...args]) => spawnSync(command, args, { encoding: 'utf8' })
const works = (...command) => run(...command).status === 0

function removeNamespaces() {
  const { stdout } = run('ip', 'netns', 'list')
  for (const line of (stdout ?? '').split('\n')) {
    const name = line.split(' ')[0]
    if (!name.startsWith(PREFIX)) continue
    // What still runs in it would keep it, and its addresses, alive.
    for (const pid of run('ip', 'netns', 'pids', name).stdout.split('\n').filter(Boolean)) {
      try {
        process.kill(Number(pid), 'SIGKILL')
      } catch {
        // It ended by itself.
      }
    }
    run('ip', 'netns', 'delete', name)
  }
}

if (process.platform !== 'linux') skip('network namespaces are Linux’s own')
if (process.getuid?.() !== 0) skip('only root makes network namespaces')
if (!works('ip', '-Version')) skip('`ip` is missing (Debian: apt-get install iproute2)')
if (!works('nft', '--version')) skip('`nft` is missing (Debian: apt-get install nftables)')
removeNamespaces()
process.once('exit', removeNamespaces)
// Ctrl-C ends the tests first: they are of the same group.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined)
const trial = `${PREFIX}trial`
if (!works('ip', 'netns', 'add', trial)) skip('this machine lets nobody make network namespaces')
if (!works('ip', 'netns', 'exec', trial, 'nft', 'add', 'table', 'ip', 'trial')) skip('this kernel has no nftables')
removeNamespaces()
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
const { status } = spawnSync(process.execPath, [vitest, 'run', '--project', 'nat', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
process.exit(status ?? 1)

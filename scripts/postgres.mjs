// A private PostgreSQL for the tests: its own cluster in a temporary directory on a free loopback port.
// `node scripts/postgres.mjs` starts one, prints its URL, and stops it with Ctrl-C.
import { spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const DEBIAN = '/usr/lib/postgresql'
const READY_WITHIN_MS = 30_000

/** The directory of initdb and postgres, or null. */
function findPrograms() {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : []
  const places = [
    process.env.POSTGRES_BIN,
    ...versions.map((version) => join(DEBIAN, version, 'bin')),
    '/usr/local/bin',
  ]
  return (
    places.find((place) => place && existsSync(join(place, 'initdb')) && existsSync(join(place, 'postgres'))) ?? null
  )
}

function installPrograms() {
  const isRoot = process.getuid?.() === 0
  if (!isRoot || spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status !== 0) return null
  const options = { stdio: ['ignore', 2, 2], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }
  spawnSync('apt-get', ['update', '-qq'], options)
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'postgresql'], options)
  return findPrograms()
}

/** initdb refuses to run as root: then everything runs as the user that Debian's package makes. */
function userToRunAs() {
  if (process.getuid?.() !== 0) return {}
  const idOf = (flag) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout.trim())
  return { uid: idOf('-u'), gid: idOf('-g') }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

function answers(programs, port) {
  return spawnSync(join(programs, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]).status === 0
}

/** `{ url, stop() }`, or null with the reason in `say` where it cannot be had. */
export async function startPostgres(say = (line) => console.error(line)) {
  const programs = findPrograms() ?? installPrograms()
  if (!programs) {
    say('PostgreSQL is not here and cannot be installed: tests on it are skipped (install Debian’s postgresql).')
    return null
  }
  const user = userToRunAs()
  const directory = mkdtempSync(join(tmpdir(), 'espalier-postgres-'))
  if (user.uid !== undefined) chownSync(directory, user.uid, user.gid)
  const cluster = join(directory, 'cluster')
  const made = spawnSync(
    join(programs, 'initdb'),
    ['-D', cluster, '-U', 'espalier', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
    { ...user, encoding: 'utf8', cwd: directory },
  )
  if (made.status !== 0) {
    rmSync(directory, { recursive: true, force: true })
    say(
      `PostgreSQL could not be set up: tests on it are skipped (${made.stderr?.trim().split('\n').at(-1) ?? made.error})`,
    )
    return null
  }
  const port = await freePort()
  const server = spawn(
    join(programs, 'postgres'),
    [
      '-D',
      cluster,
      '-h',
      '127.0.0.1',
      '-p',
      String(port),
      '-k',
      directory,
      '-c',
      'fsync=off',
      '-c',
      'max_connections=200',
    ],
    { ...user, stdio: 'ignore', cwd: directory },
  )
  const ended = new Promise((resolve) => server.once('exit', resolve))
  const stop = async () => {
    server.kill('SIGINT')
    await ended
    rmSync(directory, { recursive: true, force: true })
  }
  const deadline = performance.now() + READY_WITHIN_MS
  while (!answers(programs, port)) {
    if (server.exitCode !== null || performance.now() > deadline) {
      await stop()
      say('PostgreSQL did not start: tests on it are skipped.')
      return null
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return { url: `postgres://espalier@127.0.0.1:${port}/postgres`, stop }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const postgres = await startPostgres()
  if (!postgres) process.exit(1)
  console.log(postgres.url)
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void postgres.stop())
}

// `npm start`: the desktop app where there is an Electron binary, otherwise the same app with its page in a browser.
// `npm start -- --data-dir=…` and other arguments go to the app.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import './build-once.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Never `require('electron')`: that downloads a binary when there is none. */
function findElectron(env) {
  if (env.ELECTRON_EXEC_PATH) return isFile(env.ELECTRON_EXEC_PATH) ? resolve(env.ELECTRON_EXEC_PATH) : null
  const folder = join(root, 'node_modules', 'electron')
  const nameFile = join(folder, 'path.txt')
  if (!existsSync(nameFile)) return null
  const binary = join(env.ELECTRON_OVERRIDE_DIST_PATH ?? join(folder, 'dist'), readFileSync(nameFile, 'utf8').trim())
  return isFile(binary) ? binary : null
}

function isFile(path) {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}

const binary = findElectron(process.env)
const more = process.argv.slice(2)
if (binary === null) {
  console.log(
    process.env.ELECTRON_EXEC_PATH
      ? `There is no Electron binary at ${process.env.ELECTRON_EXEC_PATH} (ELECTRON_EXEC_PATH).`
      : 'There is no Electron binary here (npx install-electron fetches one; ELECTRON_EXEC_PATH names another).',
  )
  console.log('The app runs without its own window instead: open the link below in a browser. Ctrl-C ends it.\n')
}
const [command, args] =
  binary === null
    ? [process.execPath, [join(root, 'out', 'main', 'cli.js'), 'serve', ...more]]
    : [binary, [root, ...more]]

const child = spawn(command, args, { stdio: 'inherit' })
// The terminal signals the whole group; the app takes leave, and we end when it has.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => signal === 'SIGTERM' && child.kill(signal))
child.once('error', (error) => {
  console.error(`The app could not be started: ${error.message}`)
  process.exitCode = 1
})
child.once('exit', (code, signal) => {
  process.exitCode = code ?? (signal ? 1 : 0)
})

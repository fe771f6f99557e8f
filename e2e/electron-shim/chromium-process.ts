import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const FLAGS = [
  '--headless',
  '--remote-debugging-port=0',
  '--no-startup-window',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-dev-shm-usage',
  '--force-color-profile=srgb',
  // A wall of the browser's own before loopback would hide whether ours stand.
  '--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests',
]

export interface Chromium {
  /** Of its DevTools, `ws://…`. */
  readonly endpoint: string
  readonly exited: Promise<void>
  kill(): void
}

/** Starts the system's Chromium with a profile of its own, which goes when the browser goes. */
export async function startChromium(): Promise<Chromium> {
  const profile = mkdtempSync(join(tmpdir(), 'electron-shim-'))
  const flags = [...FLAGS, `--user-data-dir=${profile}`]
  // Chromium's sandbox refuses to start for root, as in most containers.
  if (process.getuid?.() === 0) flags.push('--no-sandbox')
  const child = spawn(process.env.CHROMIUM_PATH ?? '/usr/bin/chromium', flags, {
    stdio: ['ignore', 'ignore', 'pipe'],
    // The session's bus may be a fake that is meant for the app alone.
    env: { ...process.env, DBUS_SESSION_BUS_ADDRESS: 'disabled:' },
  })
  // An app that crashes must not leave a browser behind.
  process.once('exit', () => {
    child.kill('SIGKILL')
    rmSync(profile, { recursive: true, force: true, maxRetries: 3 })
  })
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const endpoint = await new Promise<string>((resolve, reject) => {
    let text = ''
    child.stderr.on('data', (chunk) => {
      text = (text + chunk).slice(-4_000)
      const found = /DevTools listening on (ws:\/\/\S+)/.exec(text)
      if (found?.[1]) resolve(found[1])
    })
    child.once('error', reject)
    void exited.then(() => reject(new Error(`Chromium ended: ${text}`)))
  })
  return { endpoint, exited, kill: () => void child.kill('SIGKILL') }
}

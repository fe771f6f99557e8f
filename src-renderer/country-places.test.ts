import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { geoContains } from 'd3-geo'
import type { Feature, Geometry } from 'geojson'
import { Reader } from 'mmdb-lib'
import { feature } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'
import { describe, expect, it } from 'vitest'
import { servingStatus } from '../e2e/support/status-fixtures'
import { installedCountryTable } from '../src-main/places/build'
import type { PeerSummary } from '../src-shared/status'
import MIDDLES from './country-middles.json'
import { countByCountry, countryPlace } from './country-places'

const [peer] = servingStatus(0).peers as [PeerSummary]
const inCountry = (country: string): PeerSummary => ({ ...peer, country })

/** Countries by their two letters, as the atlas draws them. */
function atlas(): Map<string, Feature<Geometry>> {
  const path = createRequire(import.meta.url).resolve('world-atlas/countries-50m.json')
  const topology = JSON.parse(readFileSync(path, 'utf8')) as Topology<{ countries: GeometryCollection }>
  const { features } = feature(topology, topology.objects.countries)
  return new Map(
    features.flatMap((country): [string, Feature<Geometry>][] => {
      if (country.id === undefined) return []
      const { region } = new Intl.Locale(`und-${String(country.id).padStart(3, '0')}`)
      return region ? [[region, country]] : []
    }),
  )
}

describe('the middle of a country', () => {
  it('lies in that country, as an atlas draws it', () => {
    const countries = atlas()
    expect(countries.size).toBeGreaterThan(230)
    const outside = [...countries].filter(([code, shape]) => {
      const place = countryPlace(inCountry(code))
      return place === null || !geoContains(shape, [place.longitude, place.latitude])
    })
    expect(outside.map(([code]) => code)).toEqual([])
  })

  it('is known of all that the table of addresses names, but the region of Asia and the Pacific', () => {
    const table = readFileSync(installedCountryTable())
    // Behind the search tree lie the rows, each with the two letters as a text: 0x42 says that it has two bytes.
    const rows = table.subarray(new Reader(table).metadata.searchTreeSize).toString('latin1')
    const codes = new Set([...rows.matchAll(/\x42([A-Z]{2})/g)].map(([, code]) => code as string))
    expect(codes.size).toBeGreaterThan(230)
    expect([...codes].filter((code) => !(code in MIDDLES))).toEqual(['AP'])
  })

  it('is nowhere where nobody knows the country', () => {
    expect(countryPlace(peer)).toBeNull()
    expect(countryPlace(inCountry('ZZ'))).toBeNull()
    expect(countryPlace(inCountry('constructor'))).toBeNull()
    expect(countryPlace(inCountry('DE'))).toEqual({ latitude: expect.closeTo(51, 0), longitude: expect.closeTo(10, 0) })
  })
})

it('countries are counted, the most first, those without one left out', () => {
  const peers = [inCountry('FR'), inCountry('DE'), peer, inCountry('JP'), inCountry('DE')]
  expect(countByCountry(peers)).toEqual([
    { country: 'DE', count: 2 },
    { country: 'FR', count: 1 },
    { country: 'JP', count: 1 },
  ])
})

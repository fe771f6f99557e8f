import { peerIdFromString } from '@libp2p/peer-id'
import { expect, it } from 'vitest'
import { pickWitnesses } from './witness-client'

const [self, bootstrap, walked, named] = [
  '12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5',
  '12D3KooWDtnt3XProKn9pyctDt5YFLniKX6cDS8UcQiiHhRDQTQT',
  '12D3KooWD7t9xiDXUSp371PHbV9QbxoXrF4KbptArbR65yxWvqZ4',
  '12D3KooWKxqRfhVk1tmgzJpSCPpsJdFxFuUWvvwRaAyjHQYHSgbB',
].map((id) => peerIdFromString(id)) as [PeerIdOf, PeerIdOf, PeerIdOf, PeerIdOf]
type PeerIdOf = ReturnType<typeof peerIdFromString>

const pick = (walk: PeerIdOf[], records: PeerIdOf[]) =>
  pickWitnesses(self, [bootstrap], walk, records, () => 0).map(String)

it('M-17: beside a bootstrap somebody by chance is asked; one whom records name only where no walk leads to anybody', () => {
  expect(pick([walked], [named])).toEqual([bootstrap, walked].map(String))
  // Servers behind routers give no routes: a walk meets the bootstrap alone.
  expect(pick([bootstrap, self], [self, named])).toEqual([bootstrap, named].map(String))
  expect(pick([], [bootstrap])).toEqual([bootstrap.toString()])
})

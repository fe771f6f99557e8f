import { type CheckDefinition, fail, pass, unknown, warn } from './check'

/** This node's row on the network's public map, as the map's own data say. */
export const mapRow: CheckDefinition = {
  id: 'map-row',
  title: 'Row on the map',
  applies: ({ status }) => status?.map !== undefined,
  async look({ status }) {
    const map = status?.map
    if (!map) return unknown('this network has no map')
    const words = `${map.text} (${map.url})`
    switch (map.state) {
      case 'present':
        return pass(words)
      case 'absent':
      case 'unreachable_row':
        return fail('SEEN_DIFFERENTLY', words)
      case 'differs':
        return warn('SEEN_DIFFERENTLY', words)
      case 'not_expected_yet':
      case 'untracked':
      case 'map_unreachable':
        return unknown(words)
    }
  },
}

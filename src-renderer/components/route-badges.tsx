import { type Hop, hopBadge, type LostHop, lostBadge } from '../../src-shared/routing-trace'
import { say } from '../words'

/** The routing trace of an answer, a badge a node: what each of them was, and what became of those that went away. */
export function RouteBadges({ hops, lost }: { hops: readonly Hop[]; lost: readonly LostHop[] }) {
  if (hops.length + lost.length === 0) return null
  return (
    <ul className="route-badges" aria-label={say.TRY.badgesLabel}>
      {hops.map((hop) => (
        <li key={`${hop.peerId}/${hop.blocks.start}`} className="chip" title={hop.peerId}>
          {hopBadge(hop)}
        </li>
      ))}
      {lost.map((hop) => (
        <li
          key={`lost ${hop.peerId}/${hop.blocks.start}`}
          className="chip is-lost"
          title={`${hop.peerId}: ${hop.cause}`}
        >
          {lostBadge(hop)}
        </li>
      ))}
    </ul>
  )
}

import type { Generation } from '../stores/generation'
import { say } from '../words'
import { RouteBadges } from './route-badges'

/** What was said in a chat before the newest question, newest first: next to where one asks. */
export function Talk({ talk }: { talk: readonly Generation[] }) {
  if (talk.length === 0) return null
  return (
    <ol reversed className="talk" aria-label={say.TRY.talkLabel}>
      {talk.toReversed().map((said, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the cards have no state of their own
        <li key={index} className="card">
          <p className="said is-yours">{said.prompt}</p>
          <p className="said">{said.text.trim()}</p>
          <RouteBadges hops={said.end?.hops ?? []} lost={said.end?.lost ?? []} />
        </li>
      ))}
    </ol>
  )
}

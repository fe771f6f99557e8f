import { Age } from '../../src-renderer/components/text'
import { formatCount } from '../../src-renderer/format'
import type { FeedUsage } from '../feed'
import { DASHBOARD } from '../words'

/** What clients say that they asked for. */
export function UsageList({ usage, totalTokens }: { usage: readonly FeedUsage[]; totalTokens: number }) {
  return (
    <section className="card" aria-labelledby="usage-title">
      <div className="card-head">
        <h2 id="usage-title">{DASHBOARD.usageTitle}</h2>
        <p className="aside" title={totalTokens.toLocaleString('en')}>
          {formatCount(totalTokens)} tokens served by workers so far
        </p>
      </div>
      {usage.length === 0 ? (
        <p className="empty">{DASHBOARD.noUsage}</p>
      ) : (
        <table className="usage">
          <thead>
            <tr>
              <th scope="col">Asked by</th>
              <th scope="col" className="number">
                Prompt
              </th>
              <th scope="col" className="number">
                Answer
              </th>
              <th scope="col" className="number usage-workers">
                Workers
              </th>
              <th scope="col" className="number">
                When
              </th>
            </tr>
          </thead>
          <tbody>
            {usage.map((entry, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: entries have no id, and rows hold no state
              <tr key={index}>
                <td>{entry.user_id ?? 'somebody'}</td>
                <td className="number">{formatCount(entry.prompt_tokens)}</td>
                <td className="number">{formatCount(entry.completion_tokens)}</td>
                <td className="number usage-workers">{entry.worker_count}</td>
                <td className="number">{entry.at === null ? '–' : <Age at={entry.at} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

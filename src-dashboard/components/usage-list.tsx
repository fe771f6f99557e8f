import { Age } from '../../src-renderer/components/text'
import { formatCount, formatWhole } from '../../src-renderer/format'
import { say } from '../../src-renderer/words'
import type { FeedUsage } from '../feed'

/** What clients say that they asked for. */
export function UsageList({ usage, totalTokens }: { usage: readonly FeedUsage[]; totalTokens: number }) {
  return (
    <section className="card" aria-labelledby="usage-title">
      <div className="card-head">
        <h2 id="usage-title">{say.USAGE.title}</h2>
        <p className="aside" title={formatWhole(totalTokens)}>
          {say.USAGE.served(formatCount(totalTokens))}
        </p>
      </div>
      {usage.length === 0 ? (
        <p className="empty">{say.USAGE.none}</p>
      ) : (
        <table className="usage">
          <thead>
            <tr>
              <th scope="col">{say.USAGE.columns.who}</th>
              <th scope="col" className="number">
                {say.USAGE.columns.prompt}
              </th>
              <th scope="col" className="number">
                {say.USAGE.columns.answer}
              </th>
              <th scope="col" className="number usage-workers">
                {say.USAGE.columns.workers}
              </th>
              <th scope="col" className="number">
                {say.USAGE.columns.when}
              </th>
            </tr>
          </thead>
          <tbody>
            {usage.map((entry, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: entries have no id, and rows hold no state
              <tr key={index}>
                <td>{entry.user_id ?? say.USAGE.somebody}</td>
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

import type { ShardView } from '../../src-shared/app-views'
import { formatBytes, shortenHash } from '../format'
import { say } from '../words'
import { shareWords } from '../words/shards'
import { CopyText } from './text'

/** How much of the model lies here, and which model that is. */
export function OnDisk({ view }: { view: ShardView }) {
  const { rows } = say.SHARDS
  const needed = view.pieces.filter(({ isNeeded }) => isNeeded).length
  const total = Math.max(view.modelBytes, 1)
  return (
    <section className="card" aria-labelledby="disk-title">
      <div className="card-head">
        <h2 id="disk-title">{say.SHARDS.diskTitle}</h2>
      </div>
      <p className="figure">{formatBytes(view.neededBytes)}</p>
      <p className="figure-words">{shareWords(view)}</p>
      <div className="share" aria-hidden="true">
        <span style={{ width: `${Math.min(100, (100 * view.neededBytes) / total)}%` }} />
      </div>
      <dl className="resources">
        <div>
          <dt>{rows.model}</dt>
          <dd>{view.model}</dd>
        </div>
        <div>
          <dt>{rows.architecture}</dt>
          <dd>{view.architecture}</dd>
        </div>
        <div>
          <dt>{rows.quantization}</dt>
          <dd>{view.quantization}</dd>
        </div>
        <div>
          <dt>{rows.pieces}</dt>
          <dd>{say.SHARDS.needed(needed, say.SHARDS.pieceCount(view.pieces.length))}</dd>
        </div>
        <div>
          <dt>{rows.root}</dt>
          <dd>
            <CopyText text={view.root} shown={shortenHash(view.root)} what={say.SHARDS.manifestHash} />
          </dd>
        </div>
        <div className="is-wide">
          <dt>{rows.directory}</dt>
          <dd>
            <CopyText text={view.directory} shown={view.directory} what={say.SHARDS.folder} />
          </dd>
        </div>
      </dl>
    </section>
  )
}

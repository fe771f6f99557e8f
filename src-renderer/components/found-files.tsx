import type { FoundFile } from '../../src-shared/status'
import { say } from '../words'
import { foundWords } from '../words/files'
import { failureWords } from '../words/node-says'

/** What was copied into the shard folder before there are blocks to fetch from it. */
export function FoundFiles({ files }: { files: readonly FoundFile[] }) {
  return (
    <section className="card" aria-labelledby="found-title">
      <div className="card-head">
        <h2 id="found-title">{say.FOUND.title}</h2>
      </div>
      <p className="fine">{say.FOUND.lead}</p>
      <ul className="file-rows">
        {files.map((file) => (
          <li key={file.name}>
            <span className="file-name">{file.name}</span>
            <span className="aside">{foundWords(file)}</span>
            {file.trouble && <span className="file-note">{failureWords(file.trouble).cause}</span>}
          </li>
        ))}
      </ul>
    </section>
  )
}

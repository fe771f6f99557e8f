import { Fragment, useState } from 'react'
import { formatAge, formatExact, shortenPeerId } from '../format'
import { say } from '../words'
import type { Words } from '../words/steps'
import { useNow } from './hooks'

/** "12 s ago"; the exact time on hover. */
export function Age({ at }: { at: number }) {
  return <span title={formatExact(at)}>{formatAge(useNow() - at)}</span>
}

/** Shortened for the eye, whole on hover and for screen readers. */
export function PeerName({ peerId }: { peerId: string }) {
  return (
    <code title={peerId}>
      <span aria-hidden="true">{shortenPeerId(peerId)}</span>
      <span className="only-read">{peerId}</span>
    </code>
  )
}

/** A peer id that a click copies. */
export function CopyPeerId({ peerId }: { peerId: string }) {
  return <CopyText text={peerId} shown={shortenPeerId(peerId)} what={say.COPY.peerId} />
}

/** Something long, shown short, that a click copies whole. `what`: its name, for those who hear the button. */
export function CopyText({ text, shown, what }: { text: string; shown: string; what: string }) {
  const [result, setResult] = useState<'copied' | 'failed' | null>(null)
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setResult('copied'),
      () => setResult('failed'),
    )
  }
  return (
    <button
      type="button"
      className="copy"
      title={`${text}\n${say.COPY.click}`}
      aria-label={say.COPY.label(what, text)}
      onClick={copy}
      onBlur={() => setResult(null)}
      onMouseLeave={() => setResult(null)}
    >
      <code aria-hidden="true">{withBreaks(shown)}</code>
      <span className="copy-result" role="status">
        {result === 'copied' ? say.COPY.copied : result === 'failed' ? say.COPY.failed : ''}
      </span>
    </button>
  )
}

/** Long paths break behind a separator, not in the middle of a name. */
function withBreaks(text: string) {
  return text.split(/(?<=[/\\])/).map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one path never change places
    <Fragment key={index}>
      {index > 0 && <wbr />}
      {part}
    </Fragment>
  ))
}

export function Sentence({ words }: { words: Words }) {
  return words.map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one sentence never change places
    <Fragment key={index}>
      {typeof part === 'string' ? (
        <WithPeers text={part} />
      ) : 'peer' in part ? (
        <Who id={part.peer} />
      ) : (
        <Age at={part.ageOf} />
      )}
    </Fragment>
  ))
}

const PEER_ID = /\b(12D3KooW[1-9A-HJ-NP-Za-km-z]{44}|Qm[1-9A-HJ-NP-Za-km-z]{44})\b/

/** Text from the node, with the peer ids in it shortened. */
export function WithPeers({ text }: { text: string }) {
  const parts = text.split(PEER_ID)
  return parts.map((part, index) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one sentence never change places
    index % 2 === 1 ? <PeerName key={index} peerId={part} /> : <Fragment key={index}>{part}</Fragment>,
  )
}

function Who({ id }: { id: string }) {
  return PEER_ID.test(id) ? <PeerName peerId={id} /> : <code>{id}</code>
}

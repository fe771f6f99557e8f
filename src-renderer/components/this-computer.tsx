import type { NodeStatus } from '../../src-shared/status'
import { closeSentence, formatBytes, formatCores, formatCount, formatExact } from '../format'
import { say } from '../words'
import { networkWords, overWords } from '../words/computer'
import { StatusShapeIcon } from './status-shape'

/** What the node takes of this computer, and where that is more than its owner allows. */
export function ThisComputer({ resources, compute, speed }: Pick<NodeStatus, 'resources' | 'compute' | 'speed'>) {
  const { hostResidentBytes, engineResidentBytes, cpuCores, cards, over } = resources
  const network = networkWords(resources)
  const rows: [title: readonly [name: string, hint: string], value: string | null][] = [
    [say.COMPUTER.hostMemory, memory(hostResidentBytes)],
    [say.COMPUTER.engineMemory, memory(engineResidentBytes)],
    [say.COMPUTER.processor, cpuCores === null ? null : formatCores(cpuCores)],
  ]
  if (cards)
    rows.push([say.COMPUTER.cards, say.COMPUTER.used(formatBytes(cards.usedBytes), formatBytes(cards.totalBytes))])
  if (network)
    rows.push([[say.COMPUTER.network[0], say.COMPUTER.inAll(say.COMPUTER.network[1], network.total)], network.now])
  return (
    <section className="card" aria-labelledby="computer-title">
      <div className="card-head">
        <h2 id="computer-title">{say.COMPUTER.title}</h2>
      </div>
      <dl className="resources">
        {rows.map(([[name, hint], value]) => (
          <div key={name} title={hint}>
            <dt>{name}</dt>
            <dd className={value === null ? 'quiet' : undefined}>{value ?? say.COMPUTER.notRunning}</dd>
          </div>
        ))}
        {compute && (
          <div title={say.COMPUTE.hint}>
            <dt>{say.COMPUTE.title}</dt>
            <dd>{compute.name}</dd>
          </div>
        )}
        {speed && (
          <div title={say.SPEED.hint}>
            <dt>{say.SPEED.title}</dt>
            <dd>{formatCount(Math.round(speed.inferenceRps))}</dd>
          </div>
        )}
      </dl>
      {speed && (
        <p className="fine">
          {say.SPEED.measured} {formatExact(speed.measuredAt)}, {speed.device}.
        </p>
      )}
      {over?.map((one) => {
        const { lead, text } = overWords(one)
        return <Warning key={one.what} lead={lead} text={text} />
      })}
      {compute?.missedGpu && <Warning lead={say.COMPUTE.onProcessor} text={closeSentence(compute.missedGpu)} />}
    </section>
  )
}

function Warning({ lead, text }: { lead: string; text: string }) {
  return (
    <div className="notice is-contact">
      <StatusShapeIcon shape="degraded" size={18} />
      <p>
        <b>{lead}.</b> {text}
      </p>
    </div>
  )
}

function memory(bytes: number | null): string | null {
  return bytes === null ? null : formatBytes(bytes)
}

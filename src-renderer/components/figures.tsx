import type { NodeStatus } from '../../src-shared/status'
import { closeSentence, formatBytes, formatCores, formatCount, formatExact, formatSpan } from '../format'
import { COMPUTE } from '../words/settings'
import { useNow } from './hooks'
import { StatusShapeIcon } from './status-shape'

const OVER_ALL = 'over all runs of this node'

export function Given({ contribution }: Pick<NodeStatus, 'contribution'>) {
  const { tokens, requests, upSince } = contribution
  const now = useNow()
  return (
    <section className="card" aria-labelledby="given-title">
      <div className="card-head">
        <h2 id="given-title">Given</h2>
        <p className="aside">
          {upSince === null ? 'not running' : <span title={formatExact(upSince)}>up {formatSpan(now - upSince)}</span>}
        </p>
      </div>
      <dl className="figures">
        <div>
          <dt>tokens served</dt>
          <dd title={`${tokens.toLocaleString('en')} ${OVER_ALL}`}>{formatCount(tokens)}</dd>
        </div>
        <div>
          <dt>{requests === 1 ? 'request' : 'requests'}</dt>
          <dd title={`${requests.toLocaleString('en')} ${OVER_ALL}`}>{formatCount(requests)}</dd>
        </div>
      </dl>
    </section>
  )
}

export function ThisComputer({ resources, compute }: Pick<NodeStatus, 'resources' | 'compute'>) {
  const { hostResidentBytes, engineResidentBytes, cpuCores } = resources
  const rows: [name: string, value: string | null, hint: string][] = [
    ['Memory, app', memory(hostResidentBytes), 'Resident memory of the app itself, as the system reports it'],
    ['Memory, engine', memory(engineResidentBytes), 'Resident memory of the process that computes, with your blocks'],
    ['Processor', cpuCores === null ? null : formatCores(cpuCores), 'App and engine together, over the last sample'],
  ]
  return (
    <section className="card" aria-labelledby="computer-title">
      <div className="card-head">
        <h2 id="computer-title">This computer</h2>
      </div>
      <dl className="resources">
        {rows.map(([name, value, hint]) => (
          <div key={name} title={hint}>
            <dt>{name}</dt>
            <dd className={value === null ? 'quiet' : undefined}>{value ?? 'not running'}</dd>
          </div>
        ))}
        {compute && (
          <div title={COMPUTE.hint}>
            <dt>{COMPUTE.title}</dt>
            <dd>{compute.name}</dd>
          </div>
        )}
      </dl>
      {compute?.missedGpu && (
        <div className="notice is-contact">
          <StatusShapeIcon shape="degraded" size={18} />
          <p>
            <b>{COMPUTE.onProcessor}.</b> {closeSentence(compute.missedGpu)}
          </p>
        </div>
      )}
    </section>
  )
}

function memory(bytes: number | null): string | null {
  return bytes === null ? null : formatBytes(bytes)
}

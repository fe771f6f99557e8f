import type { Check } from '../../src-shared/app-views'
import { closeSentence } from '../format'
import { verdictWords } from '../words/diagnostics'
import { actionWords, nodeTitle } from '../words/node-says'
import { CheckFix, type CheckFixProps } from './check-fix'
import { StatusShapeIcon } from './status-shape'
import { Age, WithPeers } from './text'

const RANK: Readonly<Record<Check['verdict'], number>> = { fail: 0, warn: 1, unknown: 2, pass: 3 }

/** What needs somebody first; otherwise in the order of the node. */
export function sortChecks(checks: readonly Check[]): readonly Check[] {
  return checks.toSorted((a, b) => RANK[a.verdict] - RANK[b.verdict])
}

export interface CheckListProps {
  checks: readonly Check[]
  /** Absent where checks are only read. */
  fixing?: Omit<CheckFixProps, 'check'>
}

export function CheckList({ checks, fixing }: CheckListProps) {
  return (
    <ul className="checks">
      {sortChecks(checks).map((check) => {
        const { id, verdict, evidence, code, at } = check
        const title = nodeTitle(check.title)
        const action = actionWords(check)
        return (
          <li key={id} className={`is-${verdict}`}>
            <StatusShapeIcon shape={verdictWords(verdict).shape} size={18} label={`${verdictWords(verdict).word}:`} />
            <div>
              <div className="step-head">
                <h3>{title}</h3>
                <span className="step-time">
                  <Age at={at} />
                </span>
              </div>
              {evidence !== '' && (
                <p>
                  <WithPeers text={closeSentence(evidence)} />
                </p>
              )}
              {(action ?? code) !== null && (
                <p className="check-action">
                  {action} {code && <code className="code">{code}</code>}
                </p>
              )}
              {fixing && <CheckFix check={{ ...check, title }} {...fixing} />}
            </div>
          </li>
        )
      })}
    </ul>
  )
}

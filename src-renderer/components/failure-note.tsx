import type { ReactNode } from 'react'
import type { Failure } from '../bridge-client'
import { closeSentence } from '../format'
import { failureWords } from '../words/node-says'
import { WithPeers } from './text'

/** What went wrong, what to do, and a code to search for. */
export function FailureNote({
  failure: told,
  lead,
  children,
}: {
  failure: Failure
  lead?: string
  children?: ReactNode
}) {
  const failure = failureWords(told)
  return (
    <p className="blocker" role="alert">
      {lead && <b>{closeSentence(lead)} </b>}
      <WithPeers text={closeSentence(failure.cause)} /> {failure.action} <code className="code">{failure.code}</code>
      {children && <> {children}</>}
    </p>
  )
}

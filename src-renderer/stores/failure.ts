import { CallError, type Failure } from '../bridge-client'
import { say } from '../words'

export function failureOf(error: unknown): Failure {
  if (error instanceof CallError) return error.failure
  return { code: 'INTERNAL', cause: String(error), action: say.PAGE_FAILURES.reload }
}

import { CallError, type Failure } from '../bridge-client'

export function failureOf(error: unknown): Failure {
  if (error instanceof CallError) return error.failure
  return { code: 'INTERNAL', cause: String(error), action: 'Reload the page.' }
}

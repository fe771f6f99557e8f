import { ERROR_CATALOGUE, type ErrorCode } from './error-catalogue'

/** What crosses a boundary when something fails: never a stack, always a code, a cause and what to do. */
export interface ErrorReport {
  code: ErrorCode
  /** One sentence: what happened, with the particulars. */
  cause: string
  /** One sentence: what the reader can do about it. */
  action: string
}

/**
 * The only error type that our rooms throw on purpose. `detail` completes the catalogue's sentence with the
 * particulars (a path, a peer, a number); `options.cause` keeps the original error for the log.
 */
export class EspalierError extends Error {
  override readonly name = 'EspalierError'

  constructor(
    readonly code: ErrorCode,
    detail?: string,
    options?: ErrorOptions,
  ) {
    const title = ERROR_CATALOGUE[code].cause
    // What came from another process or peer may say it already.
    super(!detail ? title : detail.startsWith(title) ? detail : `${title}: ${detail}`, options)
  }

  get action(): string {
    return ERROR_CATALOGUE[this.code].action
  }

  report(): ErrorReport {
    return { code: this.code, cause: this.message, action: this.action }
  }
}

/** Turns anything caught into a report; what we did not throw ourselves is `INTERNAL`. */
export function reportOf(error: unknown): ErrorReport {
  if (error instanceof EspalierError) return error.report()
  return new EspalierError('INTERNAL', messageOf(error)).report()
}

export function isErrorCode(error: unknown, code: ErrorCode): error is EspalierError {
  return error instanceof EspalierError && error.code === code
}

export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}

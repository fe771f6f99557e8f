import type { ErrorCode } from '../../src-shared/error-catalogue'
import { EspalierError } from '../../src-shared/errors'

/** What went wrong with one peer of a route: whoever asks may choose another in its place. */
export class RouteError extends EspalierError {
  constructor(
    code: ErrorCode,
    detail: string,
    /** The peer that the error is about; not always the one that told us. */
    readonly peer: string,
    options?: ErrorOptions,
  ) {
    super(code, detail, options)
  }
}

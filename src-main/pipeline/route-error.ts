import type { ErrorCode } from '../../src-shared/error-catalogue'
import { EspalierError } from '../../src-shared/errors'

/** What went wrong with one peer of a route: whoever asks may choose another in its place. */
export class RouteError extends EspalierError {
  /** The neighbour that brought it, when it is about somebody else: it may be untrue. Null for what we saw ourselves. */
  readonly toldBy: string | null

  constructor(
    code: ErrorCode,
    detail: string,
    /** The peer that the error is about; not always the one that told us. */
    readonly peer: string,
    options?: ErrorOptions & { toldBy?: string | undefined },
  ) {
    super(code, detail, options)
    this.toldBy = options?.toldBy ?? null
  }
}

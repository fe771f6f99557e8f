import { EspalierError } from '../../src-shared/errors'

/** What was asked for cannot be done, and asking again will not help: the program ends with 2. */
export class WrongArguments extends EspalierError {
  constructor(refusal: EspalierError) {
    super(refusal.code, refusal.message, { cause: refusal })
  }
}

/** Looks at arguments before anything is opened. What it refuses with becomes `WrongArguments`. */
export async function checkArguments<T>(check: () => T | Promise<T>): Promise<T> {
  try {
    return await check()
  } catch (error) {
    throw error instanceof EspalierError ? new WrongArguments(error) : error
  }
}

import type { Disposer } from '../../src-shared/clock'

/** What the operator may change about files while the node runs. */
export interface TransferWishes {
  readonly isPaused: boolean
  /** A whole model on this computer, chosen since the node started; null: the one that it started with. */
  readonly modelPath: string | null
  /** Null: no cap. */
  readonly downloadBytesPerSecond: number | null
  readonly uploadBytesPerSecond: number | null
  /** Whether verified pieces are handed to others. */
  readonly seeds: boolean
}

/** Asked anew each time, so that a change needs no restart. */
export interface Transfers {
  wishes(): TransferWishes
  onChange(listener: () => void): Disposer
  /** For models whose publisher asks for one; null: none is kept here. */
  token(): Promise<string | null>
}

export const FREE_TRANSFERS: Transfers = {
  wishes: () => ({
    isPaused: false,
    modelPath: null,
    downloadBytesPerSecond: null,
    uploadBytesPerSecond: null,
    seeds: true,
  }),
  onChange: () => () => undefined,
  token: async () => null,
}

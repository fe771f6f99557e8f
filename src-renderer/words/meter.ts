import { formatBlocks } from '../../src-shared/blocks'
import type { Meter } from '../../src-shared/meter'
import { say } from '.'

export interface MeterRow {
  name: string
  rate: number | null
  /** How the figure came about, or why there is none. */
  basis: string
}

/** What was timed stands before what was reckoned. */
export function meterRows({ alone, now, together }: Meter): MeterRow[] {
  const { METER } = say
  const withBlocks = together.blocks ? METER.withBlocks(formatBlocks(together.blocks)) : METER.reckoned
  return [
    {
      name: METER.alone,
      rate: alone.tokensPerSecond,
      basis: alone.reason ?? METER.measured,
    },
    {
      name: METER.now,
      rate: now.measured ?? now.estimated,
      basis:
        now.measured !== null
          ? METER.over(now.nodes)
          : now.estimated !== null
            ? `${METER.reckoned}${now.reason === null ? '' : `. ${now.reason}`}`
            : (now.reason ?? METER.unknown),
    },
    {
      name: METER.together,
      rate: together.estimated,
      basis: together.estimated !== null ? withBlocks : (together.reason ?? METER.unknown),
    },
  ]
}

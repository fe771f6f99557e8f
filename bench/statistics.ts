import { median } from '../src-main/pipeline/generate'

export { median }

/** Median and extremes in words: `12.3 (11.9–14.0)`. */
export function spread(values: readonly number[], digits = 1): string {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return `${median(values).toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`
}

/** Distance of the quartiles as a share of the median: how much a repeated figure wanders, single outliers aside. */
export function wander(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => {
    const place = share * (sorted.length - 1)
    const low = sorted[Math.floor(place)] ?? Number.NaN
    const high = sorted[Math.ceil(place)] ?? Number.NaN
    return low + (high - low) * (place - Math.floor(place))
  }
  return (at(0.75) - at(0.25)) / at(0.5)
}

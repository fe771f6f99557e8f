/** What is held at one moment, by name. */
export type Sample = Readonly<Record<string, number>>

/**
 * Thirds of three. With thirds of two a median is a mean, and one connection that breaks or comes at the moment of one
 * look (a socket at both ends, and both ends are in this process) was already a growth of half a file or more.
 */
export const LEAST_SAMPLES = 9

/**
 * How much each figure grew from the middle third of the samples to the last one, for each sample between: what is
 * made and kept in every round shows, what is made once or comes and goes does not. The first third is warming up.
 * Throws a RangeError for fewer than LEAST_SAMPLES.
 */
export function growthPerSample(samples: readonly Sample[]): Record<string, number> {
  const third = Math.floor(samples.length / 3)
  if (samples.length < LEAST_SAMPLES) throw new RangeError(`${samples.length} samples have no trend`)
  const middle = samples.slice(-2 * third, -third)
  const last = samples.slice(-third)
  const names = Object.keys(samples.at(-1) ?? {})
  const of = (part: readonly Sample[], name: string) => median(part.map((sample) => sample[name] ?? 0))
  return Object.fromEntries(names.map((name) => [name, (of(last, name) - of(middle, name)) / third]))
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low = 0, high = 0] = [sorted[(sorted.length - 1) >> 1], sorted[middle]]
  return (low + high) / 2
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

/** Decimal units, as disks and networks are sold; a value of up to three digits, except in the last unit. */
export function scaleBytes(bytes: number): { value: number; unit: string; isWhole: boolean } {
  let value = bytes
  let index = 0
  while (value >= 999.5 && index < UNITS.length - 1) {
    value /= 1_000
    index += 1
  }
  return { value, unit: UNITS[index] ?? '', isWhole: index === 0 }
}

/** `12 MB`, `4.9 GB`. */
export function bytesInWords(bytes: number): string {
  const { value, unit, isWhole } = scaleBytes(bytes)
  return `${value >= 9.95 || isWhole ? Math.round(value) : value.toFixed(1)} ${unit}`
}

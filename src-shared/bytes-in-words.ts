/** Decimal units, as disks and networks are sold: `12 MB`, `4.9 GB`. */
export function bytesInWords(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000
    unit += 1
  }
  return `${value >= 9.95 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

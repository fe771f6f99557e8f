const floats = new Float32Array(1)
const words = new Uint32Array(floats.buffer)

const INFINITE = 0x7c00

/** IEEE half precision of a number, as its 16 bits; rounds to nearest, ties to even; too large becomes infinity. */
export function toHalf(value: number): number {
  floats[0] = value
  return halfOfBits(words[0] ?? 0)
}

/** Many at once; null where a value is too large for half precision. What is not a number stays so. */
export function toHalves(values: Float32Array): Uint16Array | null {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const halves = new Uint16Array(values.length)
  for (let index = 0; index < bits.length; index++) {
    const half = halfOfBits(bits[index] ?? 0)
    if ((half & 0x7fff) === INFINITE) return null
    halves[index] = half
  }
  return halves
}

export function fromHalves(halves: Uint16Array): Float32Array {
  const values = new Float32Array(halves.length)
  for (let index = 0; index < halves.length; index++) values[index] = fromHalf(halves[index] ?? 0)
  return values
}

function halfOfBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00
  if (magnitude >= 0x47800000) return sign | INFINITE
  if (magnitude < 0x38800000) {
    // Subnormal: adding 0.5 in single precision moves the kept bits to the end and rounds them on the way.
    words[0] = magnitude
    floats[0] = (floats[0] ?? 0) + 0.5
    return sign | ((words[0] ?? 0) - 0x3f000000)
  }
  const odd = (magnitude >>> 13) & 1
  return sign | ((magnitude - 0x38000000 + 0xfff + odd) >>> 13)
}

/** The number that 16 bits of half precision stand for; exact. */
export function fromHalf(bits: number): number {
  return HALF_VALUES[bits & 0xffff] ?? Number.NaN
}

const HALF_VALUES = (() => {
  const values = new Float32Array(65_536)
  for (let bits = 0; bits < 65_536; bits++) {
    const exponent = (bits >>> 10) & 0x1f
    const fraction = bits & 0x3ff
    const magnitude =
      exponent === 0
        ? fraction * 2 ** -24
        : exponent === 31
          ? fraction === 0
            ? Number.POSITIVE_INFINITY
            : Number.NaN
          : (1 + fraction / 1024) * 2 ** (exponent - 15)
    values[bits] = bits & 0x8000 ? -magnitude : magnitude
  }
  return values
})()

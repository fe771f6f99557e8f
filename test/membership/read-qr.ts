import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { getBlocksCount, getTotalCodewordsCount } = require('qrcode/lib/core/error-correction-code')
const { getSymbolTotalCodewords } = require('qrcode/lib/core/utils')
const LEVELS: { bit: number }[] = Object.values(require('qrcode/lib/core/error-correction-level')).filter(
  (value): value is { bit: number } => typeof value === 'object',
)
const { getPositions } = require('qrcode/lib/core/alignment-pattern')

type Matrix = boolean[][]

/**
 * For tests: reads the text out of an undamaged QR code as a scanner does: picture, mask, codewords, segments. Only the
 * standard's tables come from the package that draws.
 */
export function readQrSvg(svg: string): string {
  const matrix = modulesOf(svg)
  const size = matrix.length
  const version = (size - 17) / 4
  const at = (row: number, column: number) => matrix[row]?.[column] === true
  let format = 0
  for (const column of [0, 1, 2, 3, 4, 5, 7, 8]) format = (format << 1) | Number(at(8, column))
  for (const row of [7, 5, 4, 3, 2, 1, 0]) format = (format << 1) | Number(at(row, 8))
  format ^= 0x5412
  const level = LEVELS.find(({ bit }) => bit === format >> 13)
  const mask = MASKS[(format >> 10) & 7]
  if (!mask || !level) throw new Error('no such mask or level')

  const isFunction = functionModules(size, version)
  const bits: number[] = []
  let isUpward = true
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right--
    for (let step = 0; step < size; step++) {
      const row = isUpward ? size - 1 - step : step
      for (const column of [right, right - 1]) {
        if (!isFunction[row]?.[column]) bits.push(Number(at(row, column) !== mask(row, column)))
      }
    }
    isUpward = !isUpward
  }
  const codewords = Array.from({ length: Math.floor(bits.length / 8) }, (_, i) =>
    numberOf(bits.slice(i * 8, i * 8 + 8)),
  )
  return textOf(dataOf(codewords, version, level), version)
}

/** Codewords of several blocks are written in turns; error correction comes after. */
function dataOf(codewords: number[], version: number, level: { bit: number }): number[] {
  const total: number = getSymbolTotalCodewords(version)
  const blockCount: number = getBlocksCount(version, level)
  const dataTotal = total - getTotalCodewordsCount(version, level)
  const longBlocks = total % blockCount
  const shortLength = Math.floor(dataTotal / blockCount)
  const blocks: number[][] = Array.from({ length: blockCount }, () => [])
  let next = 0
  for (let i = 0; i <= shortLength; i++) {
    for (const [index, block] of blocks.entries()) {
      if (i === shortLength && index < blockCount - longBlocks) continue
      block.push(codewords[next++] ?? 0)
    }
  }
  return blocks.flat()
}

const ALPHANUMERIC = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:'

function textOf(data: number[], version: number): string {
  const bits = data.flatMap((codeword) => [...codeword.toString(2).padStart(8, '0')].map(Number))
  let from = 0
  const take = (count: number) => {
    from += count
    return numberOf(bits.slice(from - count, from))
  }
  const wide = version < 10 ? 0 : version < 27 ? 1 : 2
  const bytes: number[] = []
  const add = (text: string) => bytes.push(...Buffer.from(text))
  while (bits.length - from >= 4) {
    const mode = take(4)
    if (mode === 0) break
    if (mode === 4) for (let left = take([8, 16, 16][wide] ?? 0); left > 0; left--) bytes.push(take(8))
    else if (mode === 2) {
      let left = take([9, 11, 13][wide] ?? 0)
      for (; left >= 2; left -= 2) {
        const pair = take(11)
        add(`${ALPHANUMERIC[Math.floor(pair / 45)]}${ALPHANUMERIC[pair % 45]}`)
      }
      if (left === 1) add(`${ALPHANUMERIC[take(6)]}`)
    } else if (mode === 1) {
      let left = take([10, 12, 14][wide] ?? 0)
      for (; left >= 3; left -= 3) add(String(take(10)).padStart(3, '0'))
      if (left > 0) add(String(take(left === 2 ? 7 : 4)).padStart(left, '0'))
    } else throw new Error(`mode ${mode}`)
  }
  return Buffer.from(bytes).toString('utf8')
}

const MASKS: ((row: number, column: number) => boolean)[] = [
  (r, c) => (r + c) % 2 === 0,
  (r) => r % 2 === 0,
  (_r, c) => c % 3 === 0,
  (r, c) => (r + c) % 3 === 0,
  (r, c) => (Math.floor(r / 2) + Math.floor(c / 3)) % 2 === 0,
  (r, c) => ((r * c) % 2) + ((r * c) % 3) === 0,
  (r, c) => (((r * c) % 2) + ((r * c) % 3)) % 2 === 0,
  (r, c) => (((r * c) % 3) + ((r + c) % 2)) % 2 === 0,
]

function functionModules(size: number, version: number): Matrix {
  const taken: Matrix = Array.from({ length: size }, () => new Array<boolean>(size).fill(false))
  const fill = (row: number, column: number, height: number, width: number) => {
    for (const line of taken.slice(row, row + height)) line.fill(true, column, column + width)
  }
  // Finders with their separators and the format beside them; timing; alignment; the version from 7 on.
  fill(0, 0, 9, 9)
  fill(0, size - 8, 9, 8)
  fill(size - 8, 0, 8, 9)
  fill(6, 0, 1, size)
  fill(0, 6, size, 1)
  for (const [row, column] of getPositions(version)) fill(row - 2, column - 2, 5, 5)
  if (version >= 7) {
    fill(0, size - 11, 6, 3)
    fill(size - 11, 0, 3, 6)
  }
  return taken
}

/** The picture: rows of dark runs, drawn as strokes, with a margin around. */
function modulesOf(svg: string): Matrix {
  const whole = Number(/viewBox="0 0 (\d+) \1"/.exec(svg)?.[1])
  const path = /stroke="#000000" d="([^"]+)"/.exec(svg)?.[1] ?? ''
  const dark: Matrix = Array.from({ length: whole }, () => new Array<boolean>(whole).fill(false))
  let [x, y] = [0, 0]
  for (const [, command, a, b] of path.matchAll(/([Mmh])(-?[\d.]+)(?:[ ,]?(-?[\d.]+))?/g)) {
    if (command === 'h') {
      for (let i = 0; i < Number(a); i++) {
        const row = dark[Math.floor(y)]
        if (row) row[x + i] = true
      }
      x += Number(a)
    } else [x, y] = command === 'M' ? [Number(a), Number(b)] : [x + Number(a), y + Number(b)]
  }
  const margin = dark.findIndex((row) => row.includes(true))
  return dark.slice(margin, whole - margin).map((row) => row.slice(margin, whole - margin))
}

function numberOf(bits: readonly number[]): number {
  return bits.reduce((value, bit) => value * 2 + bit, 0)
}

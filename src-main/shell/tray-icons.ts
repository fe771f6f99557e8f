import type { StatusShape } from '../../src-shared/status'

/**
 * The shapes of the states, drawn as coverage (0 to 1) on a grid of 24 × 24, like the page's. The shape alone tells
 * the state, because a tray may be of one colour.
 */
const COLOURS: Readonly<Record<StatusShape, readonly [red: number, green: number, blue: number]>> = {
  visible: [0x4f, 0xa3, 0x6f],
  working: [0x4f, 0xa3, 0x6f],
  waiting: [0xb8, 0x93, 0x45],
  degraded: [0xc7, 0x7f, 0x2d],
  problem: [0xc4, 0x65, 0x47],
  stopped: [0x8a, 0x90, 0x86],
}

const CENTRE = 12
const RADIUS = 9
/** Sub-samples per pixel and axis: enough for smooth edges at 16 pixels. */
const SAMPLES = 4

type Inside = (x: number, y: number) => number

const ring = (x: number, y: number, width: number) =>
  Math.abs(Math.hypot(x - CENTRE, y - CENTRE) - RADIUS) <= width / 2 ? 1 : 0
const disc = (x: number, y: number, radius: number) => (Math.hypot(x - CENTRE, y - CENTRE) <= radius ? 1 : 0)
/** 0 at twelve o'clock, 1 after a full turn clockwise. */
const turn = (x: number, y: number) => (Math.atan2(x - CENTRE, CENTRE - y) / (2 * Math.PI) + 1) % 1

function insideOf(shape: StatusShape, progress: number | null): Inside {
  switch (shape) {
    case 'visible':
      // A leaf: where two discs overlap, tip to the upper right.
      return (x, y) => (Math.hypot(x - 4, y - 4) <= 16.5 && Math.hypot(x - 20, y - 20) <= 16.5 ? 1 : 0)
    case 'working': {
      const share = Math.max(0.06, progress ?? 0.28)
      return (x, y) => ring(x, y, 4) * (turn(x, y) <= share ? 1 : 0.3)
    }
    case 'waiting':
      return (x, y) => Math.max(disc(x, y, 3), ring(x, y, 3) * ((turn(x, y) * 6) % 1 < 0.5 ? 1 : 0))
    case 'degraded':
      return (x, y) => Math.max(ring(x, y, 2.6), x < CENTRE ? disc(x, y, RADIUS) : 0)
    case 'problem':
      return (x, y) => {
        const inTriangle = y >= 2 && y <= 21.5 && Math.abs(x - CENTRE) <= (y - 2) * 0.53
        const inMark = Math.abs(x - CENTRE) <= 1.3 && y >= 8.5 && y <= 18.6 && !(y > 14.6 && y < 16.2)
        return inTriangle && !inMark ? 1 : 0
      }
    case 'stopped':
      return (x, y) => Math.max(ring(x, y, 2.6), Math.abs(y - CENTRE) <= 1.3 && Math.abs(x - CENTRE) <= 4 ? 1 : 0)
  }
}

/** How much of each pixel the shape covers, 0 to 1, row by row. */
export function drawShape(shape: StatusShape, sizePx: number, progress: number | null = null): Float32Array {
  const inside = insideOf(shape, progress)
  const coverage = new Float32Array(sizePx * sizePx)
  const unit = 24 / sizePx
  for (let pixel = 0; pixel < coverage.length; pixel++) {
    const left = (pixel % sizePx) * unit
    const top = Math.floor(pixel / sizePx) * unit
    let sum = 0
    for (let sample = 0; sample < SAMPLES * SAMPLES; sample++) {
      const x = left + ((sample % SAMPLES) + 0.5) * (unit / SAMPLES)
      const y = top + (Math.floor(sample / SAMPLES) + 0.5) * (unit / SAMPLES)
      sum += inside(x, y)
    }
    coverage[pixel] = sum / (SAMPLES * SAMPLES)
  }
  return coverage
}

/** Premultiplied BGRA, which is what Electron's bitmaps are on every platform; `black` for macOS, which tints by itself. */
export function shapeBitmap(
  shape: StatusShape,
  sizePx: number,
  { progress = null, black = false }: { progress?: number | null; black?: boolean } = {},
): Buffer {
  const coverage = drawShape(shape, sizePx, progress)
  const [red, green, blue] = black ? [0, 0, 0] : COLOURS[shape]
  const bitmap = Buffer.alloc(coverage.length * 4)
  coverage.forEach((alpha, pixel) => {
    bitmap[pixel * 4] = Math.round(blue * alpha)
    bitmap[pixel * 4 + 1] = Math.round(green * alpha)
    bitmap[pixel * 4 + 2] = Math.round(red * alpha)
    bitmap[pixel * 4 + 3] = Math.round(255 * alpha)
  })
  return bitmap
}

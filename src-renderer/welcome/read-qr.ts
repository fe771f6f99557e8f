/** Larger files are no screenshots, and unpacking them could take all memory. */
export const MAX_PICTURE_BYTES = 20_000_000
/** Longer sides of what is searched, in pixels: a code that is lost in one size is often found in another. */
const SIDES = [1_400, 700, 2_400] as const
/** For one size; the decoder's own limit is that of one frame of a camera. */
const PATIENCE_MS = 400

export type QrReading =
  | { kind: 'text'; text: string }
  | { kind: 'problem'; problem: 'noCode' | 'noPicture' | 'tooLarge' | 'failed' }

/** The text of the QR code in a picture. Nothing leaves the page. Never rejects. */
export async function readQr(file: Blob): Promise<QrReading> {
  if (file.size > MAX_PICTURE_BYTES) return { kind: 'problem', problem: 'tooLarge' }
  let picture: ImageBitmap
  try {
    picture = await createImageBitmap(file)
  } catch {
    return { kind: 'problem', problem: 'noPicture' }
  }
  try {
    const { default: decode } = await import('qr/decode.js')
    for (const side of SIDES) {
      const pixels = pixelsOf(picture, side)
      for (const isNegative of [false, true]) {
        if (isNegative) negate(pixels)
        const text = attempt(() => decode(pixels, { timeLimit: PATIENCE_MS }))
        if (text !== null) return { kind: 'text', text }
      }
    }
    return { kind: 'problem', problem: 'noCode' }
  } catch {
    return { kind: 'problem', problem: 'failed' }
  } finally {
    picture.close()
  }
}

/** Not finding anything is what the decoder throws for. */
function attempt(decode: () => string): string | null {
  try {
    return decode()
  } catch {
    return null
  }
}

/** At most so long, on white: a code on transparent ground would be black on black. */
function pixelsOf(picture: ImageBitmap, side: number): ImageData {
  const scale = Math.min(1, side / Math.max(picture.width, picture.height))
  const width = Math.max(1, Math.round(picture.width * scale))
  const height = Math.max(1, Math.round(picture.height * scale))
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (!context) throw new Error('no canvas')
  context.fillStyle = '#fff'
  context.fillRect(0, 0, width, height)
  context.drawImage(picture, 0, 0, width, height)
  return context.getImageData(0, 0, width, height)
}

/** Screenshots of dark windows show light codes on dark ground. */
function negate({ data }: ImageData): void {
  for (let at = 0; at < data.length; at += 4) {
    data[at] = 255 - (data[at] ?? 0)
    data[at + 1] = 255 - (data[at + 1] ?? 0)
    data[at + 2] = 255 - (data[at + 2] ?? 0)
  }
}

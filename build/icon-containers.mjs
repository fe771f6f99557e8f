// Both containers hold PNG files as they are, so no image library is needed.

// Apple's type for each size; one size may stand for a point size and for half of it on a fine screen.
const ICNS_TYPES = [
  ['icp4', 16],
  ['icp5', 32],
  ['ic11', 32],
  ['ic12', 64],
  ['ic07', 128],
  ['ic08', 256],
  ['ic13', 256],
  ['ic09', 512],
  ['ic14', 512],
  ['ic10', 1024],
]
const ICO_SIZES = [16, 24, 32, 48, 64, 128, 256]
const ICO_HEADER_BYTES = 6
const ICO_ENTRY_BYTES = 16

/**
 * An Apple icon: a header, then a type, a length and a PNG for each size.
 * @param {ReadonlyMap<number, Buffer>} pngs by width in pixels
 */
export function icnsOf(pngs) {
  const parts = ICNS_TYPES.map(([type, size]) => chunk(type, pngOf(pngs, size)))
  return chunk('icns', Buffer.concat(parts))
}

/**
 * A Windows icon: a header, an entry for each size, then the PNGs.
 * @param {ReadonlyMap<number, Buffer>} pngs by width in pixels
 */
export function icoOf(pngs) {
  const header = Buffer.alloc(ICO_HEADER_BYTES)
  header.writeUInt16LE(1, 2)
  header.writeUInt16LE(ICO_SIZES.length, 4)
  let offset = ICO_HEADER_BYTES + ICO_SIZES.length * ICO_ENTRY_BYTES
  const entries = ICO_SIZES.map((size) => {
    const { length } = pngOf(pngs, size)
    const entry = Buffer.alloc(ICO_ENTRY_BYTES)
    // A byte each; 0 stands for 256.
    entry.writeUInt8(size % 256, 0)
    entry.writeUInt8(size % 256, 1)
    entry.writeUInt16LE(1, 4)
    entry.writeUInt16LE(32, 6)
    entry.writeUInt32LE(length, 8)
    entry.writeUInt32LE(offset, 12)
    offset += length
    return entry
  })
  return Buffer.concat([header, ...entries, ...ICO_SIZES.map((size) => pngOf(pngs, size))])
}

function chunk(type, content) {
  const head = Buffer.alloc(8)
  head.write(type, 'latin1')
  head.writeUInt32BE(head.length + content.length, 4)
  return Buffer.concat([head, content])
}

function pngOf(pngs, size) {
  const png = pngs.get(size)
  if (!png) throw new Error(`no picture of ${size} pixels`)
  return png
}

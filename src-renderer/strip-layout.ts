export interface StripLeaf {
  x: number
  y: number
  /** 1 grows to the right, -1 to the left. */
  side: 1 | -1
  kind: 'own' | 'other' | 'own-unproved' | 'gap'
}

export interface StripStem {
  block: number
  x: number
  top: number
  bottom: number
  kind: 'own' | 'other' | 'gap' | 'unknown'
}

export interface StripRow {
  /** Half-open range of blocks on this row. */
  start: number
  end: number
  top: number
  wires: readonly number[]
  /** Where our blocks are framed on this row; null when none are here. */
  frame: { x: number; width: number } | null
}

export interface StripLayout {
  width: number
  height: number
  pitch: number
  leafLength: number
  latticeHeight: number
  rows: readonly StripRow[]
  stems: readonly StripStem[]
  /** Where a wire crosses a stem and no leaf grows. */
  buds: readonly { x: number; y: number; kind: StripStem['kind'] }[]
  leaves: readonly StripLeaf[]
}

export interface StripInput {
  blockCount: number
  /** Copies of each block; empty when unknown. */
  coverage: readonly number[]
  own: { start: number; end: number } | null
  /** Whether our copy is proved (and therefore counted in `coverage`). */
  isOwnProved: boolean
  width: number
}

/** Closer than this, two stems can no longer be told apart. */
const MIN_PITCH = 10.5
const LABEL_HEIGHT = 26
const ROW_GAP = 10

/** Where everything of the block strip stands, in CSS pixels of a box `width` wide. Long models wrap like text. */
export function layoutStrip({ blockCount, coverage, own, isOwnProved, width }: StripInput): StripLayout {
  const rowCount = Math.max(1, Math.ceil((blockCount * MIN_PITCH) / width))
  const perRow = Math.ceil(blockCount / rowCount)
  const pitch = width / perRow
  const latticeHeight = rowCount === 1 ? 112 : rowCount === 2 ? 84 : 60
  const rowHeight = latticeHeight + LABEL_HEIGHT + ROW_GAP
  const isOwn = (block: number) => own !== null && block >= own.start && block < own.end

  const rows: StripRow[] = []
  for (let start = 0; start < blockCount; start += perRow) {
    const end = Math.min(start + perRow, blockCount)
    const top = rows.length * rowHeight
    const from = own ? Math.max(own.start, start) : 0
    const to = own ? Math.min(own.end, end) : 0
    rows.push({
      start,
      end,
      top,
      wires: [0.22, 0.5, 0.78].map((share) => Math.round(top + share * latticeHeight) + 0.5),
      frame: from < to ? { x: (from - start) * pitch, width: (to - from) * pitch } : null,
    })
  }

  const stems: StripStem[] = []
  const leaves: StripLeaf[] = []
  const buds: { x: number; y: number; kind: StripStem['kind'] }[] = []
  for (const row of rows) {
    for (let block = row.start; block < row.end; block += 1) {
      const x = (block - row.start + 0.5) * pitch
      const copies = coverage[block]
      const kind: StripStem['kind'] = isOwn(block)
        ? 'own'
        : copies === undefined
          ? 'unknown'
          : copies === 0
            ? 'gap'
            : 'other'
      stems.push({ block, x, top: row.top + 8, bottom: row.top + latticeHeight - 6, kind })
      const grown = leavesOf(block, x, row, copies ?? 0, kind === 'own', isOwnProved, kind === 'gap')
      leaves.push(...grown)
      buds.push(...row.wires.filter((y) => grown.every((leaf) => leaf.y !== y)).map((y) => ({ x, y, kind })))
    }
  }
  return {
    width,
    height: rows.length * rowHeight - ROW_GAP,
    pitch,
    leafLength: Math.min(26, Math.max(3.4, pitch * 0.44)),
    latticeHeight,
    rows,
    stems,
    leaves,
    buds,
  }
}

/** One leaf per copy where wire and stem cross, from the bottom up, first one side and then the other: six at most. */
function leavesOf(
  block: number,
  x: number,
  row: StripRow,
  copies: number,
  isOwn: boolean,
  isOwnProved: boolean,
  isGap: boolean,
): StripLeaf[] {
  const shown = isGap ? 1 : Math.min(6, copies + (isOwn && !isOwnProved ? 1 : 0))
  return Array.from({ length: shown }, (_, index) => {
    const level = index % 3
    const flip = (block + level + Math.floor(index / 3)) % 2 === 0
    const ownKind = isOwnProved ? 'own' : 'own-unproved'
    return {
      x,
      y: row.wires[2 - level] ?? row.top,
      side: flip ? 1 : -1,
      kind: isGap ? 'gap' : isOwn && index === 0 ? ownKind : 'other',
    }
  })
}

/** The block under a point of the strip, or null between the rows. */
export function blockAt(layout: StripLayout, x: number, y: number): number | null {
  const row = layout.rows.find(({ top }) => y >= top && y <= top + layout.latticeHeight)
  if (!row || x < 0) return null
  const block = row.start + Math.floor(x / layout.pitch)
  return block < row.end ? block : null
}

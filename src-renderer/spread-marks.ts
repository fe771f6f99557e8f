/** What is drawn at a point of the map, in CSS pixels. */
export interface MapMark {
  peer: { peerId: string }
  x: number
  y: number
}

interface Spot {
  /** Where it would be if nobody else were there. */
  wishX: number
  wishY: number
  x: number
  y: number
}

/** Not more than about this part of the map is covered when all stand in one country. */
const COVERED = 0.1
const GAP_PX = { least: 2, most: 15 }
/** After so many attempts the map is full, and two may lie upon each other. */
const MOST_ATTEMPTS = 100_000
const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5))

/**
 * Moves marks apart that want the same point, as all peers of a country do: each takes the nearest free spot around
 * its point, in the order of peer ids, so that the same peers always look the same. Whoever stands keeps its spot
 * while others come and go.
 */
export function createSpread(widthPx: number, heightPx: number): <M extends MapMark>(marks: readonly M[]) => M[] {
  let gap = 0
  let spots = new Map<string, Spot>()

  return (marks) => {
    const gapNow = gapFor(marks.length, widthPx * heightPx)
    if (gapNow !== gap) spots = new Map()
    gap = gapNow
    const staying = new Map<string, Spot>()
    const coming: MapMark[] = []
    for (const mark of marks) {
      const spot = spots.get(mark.peer.peerId)
      if (spot && spot.wishX === mark.x && spot.wishY === mark.y) staying.set(mark.peer.peerId, spot)
      else coming.push(mark)
    }
    spots = staying
    if (coming.length > 0) seat(coming)
    return marks.map((mark) => ({ ...mark, ...pointOf(spots.get(mark.peer.peerId) ?? mark) }))
  }

  function seat(coming: readonly MapMark[]): void {
    const taken = createGrid(gap)
    for (const spot of spots.values()) taken.add(spot)
    /** Attempts at a point that have been in vain: what is taken stays so for those who come next. */
    const tried = new Map<string, number>()
    const byId = [...coming].sort((a, b) => (a.peer.peerId < b.peer.peerId ? -1 : 1))
    for (const { peer, x: wishX, y: wishY } of byId) {
      const key = `${wishX} ${wishY}`
      let attempt = tried.get(key) ?? 0
      let point = around(wishX, wishY, attempt)
      while (!(isInside(point) && taken.isFree(point)) && attempt < MOST_ATTEMPTS) {
        attempt += 1
        point = around(wishX, wishY, attempt)
      }
      tried.set(key, attempt)
      taken.add(point)
      spots.set(peer.peerId, { wishX, wishY, ...point })
    }
  }

  /** Seeds of a sunflower: the first at its middle, each next one a little farther out, all directions alike. */
  function around(x: number, y: number, attempt: number): { x: number; y: number } {
    const distance = (gap / 2) * Math.sqrt(attempt)
    const angle = attempt * GOLDEN_ANGLE
    return {
      x: clamp(x, widthPx) + distance * Math.cos(angle),
      y: clamp(y, heightPx) + distance * Math.sin(angle),
    }
  }

  /** A pole lies beyond what is drawn. */
  function clamp(at: number, length: number): number {
    return Math.min(Math.max(at, gap / 2), Math.max(gap / 2, length - gap / 2))
  }

  function isInside({ x, y }: { x: number; y: number }): boolean {
    return x >= gap / 2 && y >= gap / 2 && x <= widthPx - gap / 2 && y <= heightPx - gap / 2
  }
}

function pointOf({ x, y }: { x: number; y: number }): { x: number; y: number } {
  return { x, y }
}

/** The same for a while as peers come and go: another gap moves everybody. */
function gapFor(count: number, areaPx: number): number {
  const rounded = 2 ** Math.ceil(Math.log2(Math.max(1, count)))
  return Math.min(GAP_PX.most, Math.max(GAP_PX.least, Math.sqrt((areaPx * COVERED) / rounded)))
}

/** Points in cells as wide as the gap, so that only neighbours are compared. */
function createGrid(gap: number) {
  const cells = new Map<string, { x: number; y: number }[]>()
  const cellOf = (at: number) => Math.floor(at / gap)
  return {
    add(point: { x: number; y: number }): void {
      const key = `${cellOf(point.x)} ${cellOf(point.y)}`
      const cell = cells.get(key)
      if (cell) cell.push(point)
      else cells.set(key, [point])
    },
    isFree({ x, y }: { x: number; y: number }): boolean {
      for (let column = cellOf(x) - 1; column <= cellOf(x) + 1; column += 1) {
        for (let row = cellOf(y) - 1; row <= cellOf(y) + 1; row += 1) {
          if (cells.get(`${column} ${row}`)?.some((other) => Math.hypot(other.x - x, other.y - y) < gap)) return false
        }
      }
      return true
    },
  }
}

import { type PointerEvent, useEffect, useRef } from 'react'
import type { PeerSummary, StatusShape } from '../../src-shared/status'
import { say } from '../words'
import { peerStateWords } from '../words/node'
import { markWords } from '../words/places'

export interface Mark {
  peer: PeerSummary
  x: number
  y: number
}

interface Sprites {
  /** Device pixels in a pixel of the page. */
  scale: number
  byShape: ReadonlyMap<StatusShape, HTMLCanvasElement>
}

const MARK_PX = 9
/** So near a pointer means a mark. */
const REACH_PX = 12
const TOKENS: Readonly<Record<StatusShape, string>> = {
  visible: '--leaf',
  working: '--leaf',
  waiting: '--sand',
  degraded: '--amber',
  problem: '--rust',
  stopped: '--faint',
}

/**
 * Thousands of peers as one picture: elements of their own would cost a frame each time one changes. Drawn when
 * something changed, and not otherwise. Whoever cannot see it has the same peers in the table.
 */
export function PeerCanvas({ marks, width, height }: { marks: readonly Mark[]; width: number; height: number }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const sprites = useRef<Sprites | null>(null)
  useEffect(() => {
    const element = canvas.current
    const context = element?.getContext('2d')
    if (!element || !context) return
    const draw = () => {
      const scale = window.devicePixelRatio || 1
      if (sprites.current?.scale !== scale) sprites.current = spritesFor(getComputedStyle(element), scale)
      paint(context, element, marks, { width, height, sprites: sprites.current })
    }
    draw()
    // The colours are the page's.
    const repaint = () => {
      sprites.current = null
      draw()
    }
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    const theme = new MutationObserver(repaint)
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    scheme.addEventListener('change', repaint)
    return () => {
      theme.disconnect()
      scheme.removeEventListener('change', repaint)
    }
  }, [marks, width, height])

  const onPointerMove = ({ currentTarget, nativeEvent }: PointerEvent<HTMLCanvasElement>) => {
    const near = nearest(marks, nativeEvent.offsetX, nativeEvent.offsetY)
    currentTarget.title = near ? markWords(near) : ''
  }
  return (
    <canvas
      ref={canvas}
      className="map-canvas"
      style={{ width, height }}
      role="img"
      aria-label={say.PLACES.many(marks.length)}
      onPointerMove={onPointerMove}
    />
  )
}

function paint(
  context: CanvasRenderingContext2D,
  element: HTMLCanvasElement,
  marks: readonly Mark[],
  { width, height, sprites }: { width: number; height: number; sprites: Sprites },
): void {
  const { scale } = sprites
  const [pixelsWide, pixelsHigh] = [Math.round(width * scale), Math.round(height * scale)]
  // Setting a size clears and allocates anew, also when it is the same.
  if (element.width !== pixelsWide) element.width = pixelsWide
  if (element.height !== pixelsHigh) element.height = pixelsHigh
  context.setTransform(1, 0, 0, 1, 0, 0)
  context.clearRect(0, 0, pixelsWide, pixelsHigh)
  const half = (MARK_PX * scale) / 2
  for (const { peer, x, y } of marks) {
    const sprite = sprites.byShape.get(peerStateWords(peer.state).shape)
    if (sprite) context.drawImage(sprite, Math.round(x * scale - half), Math.round(y * scale - half))
  }
}

/** Each shape once: copying a picture is much cheaper than drawing its lines five thousand times. */
function spritesFor(style: CSSStyleDeclaration, scale: number): Sprites {
  const byShape = new Map<StatusShape, HTMLCanvasElement>()
  for (const shape of Object.keys(TOKENS) as StatusShape[]) {
    const sprite = document.createElement('canvas')
    sprite.width = sprite.height = Math.ceil(MARK_PX * scale)
    const context = sprite.getContext('2d')
    if (!context) continue
    context.scale(sprite.width / 24, sprite.width / 24)
    context.fillStyle = context.strokeStyle = colourOf(style, TOKENS[shape])
    drawShape(context, shape)
    byShape.set(shape, sprite)
  }
  return { scale, byShape }
}

/** The tokens hold `light-dark(…)`, which a canvas does not understand. */
function colourOf(style: CSSStyleDeclaration, token: string): string {
  const value = style.getPropertyValue(token).trim()
  const pair = /^light-dark\(([^,]+),([^)]+)\)$/.exec(value)
  if (!pair) return value
  const chosen = style.colorScheme
  const isDark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  return (isDark ? pair[2] : pair[1])?.trim() ?? value
}

/** The page's shapes on their grid of 24, as plain as nine pixels show. */
function drawShape(context: CanvasRenderingContext2D, shape: StatusShape): void {
  const circle = (radius: number) => {
    context.beginPath()
    context.arc(12, 12, radius, 0, 2 * Math.PI)
  }
  context.lineWidth = 4
  switch (shape) {
    case 'visible':
      context.fill(new Path2D('M2 15C4 4 13 2 22 2 22 12 15 20 2 15z'))
      break
    case 'working':
      circle(8.5)
      context.stroke()
      break
    case 'waiting':
      circle(8.5)
      context.setLineDash([4, 4])
      context.stroke()
      break
    case 'degraded':
      circle(8.5)
      context.stroke()
      context.fill(new Path2D('M12 3.5a8.5 8.5 0 0 0 0 17z'))
      break
    case 'problem':
      context.fill(new Path2D('M12 2 22.5 21H1.5z'))
      break
    case 'stopped':
      context.lineWidth = 2.5
      circle(8)
      context.stroke()
  }
}

function nearest(marks: readonly Mark[], x: number, y: number): PeerSummary | null {
  let best: PeerSummary | null = null
  let reach = REACH_PX
  for (const mark of marks) {
    const distance = Math.hypot(mark.x - x, mark.y - y)
    if (distance > reach) continue
    reach = distance
    best = mark.peer
  }
  return best
}

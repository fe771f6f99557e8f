import type { StatusShape } from '../../src-shared/status'

export interface StatusShapeProps {
  shape: StatusShape
  /** Pixels; drawn on a grid of 24. */
  size: number
  /** 0 to 1: how far the ring of `working` is closed. Unknown progress shows a quarter. */
  progress?: number | undefined
  /** Said to those who do not see it. Without it the shape is decoration beside words that say the same. */
  label?: string
}

const RING = 8.5
const RING_LENGTH = 2 * Math.PI * RING

/** One shape per state. The shape alone tells the state; the colour only repeats it. */
export function StatusShapeIcon({ shape, size, progress, label }: StatusShapeProps) {
  const drawing = <Drawing shape={shape} progress={progress} />
  const frame = { className: `shape is-${shape}`, width: size, height: size, viewBox: '0 0 24 24', fill: 'none' }
  if (label === undefined) {
    return (
      <svg {...frame} aria-hidden="true">
        {drawing}
      </svg>
    )
  }
  return (
    <svg {...frame} role="img" aria-label={label}>
      <title>{label}</title>
      {drawing}
    </svg>
  )
}

function Drawing({ shape, progress }: { shape: StatusShape; progress: number | undefined }) {
  switch (shape) {
    case 'visible':
      return (
        <>
          <path d="M4 13.4C5.6 5.6 12.4 3.8 20.2 4.2 20 11.4 14.6 17.4 4 13.4z" fill="currentColor" />
          <path d="M3.8 20.4c.9-4.6 4.2-8.2 9.4-10.4" stroke="currentColor" strokeWidth="1.9" strokeLinecap="round" />
          <path className="shape-vein" d="M5.3 14.5c1.6-2 4.3-3.7 7.9-4.5" strokeWidth="1.1" strokeLinecap="round" />
        </>
      )
    case 'working': {
      const share = Math.min(1, Math.max(0.03, progress ?? 0.28))
      return (
        <>
          <circle cx="12" cy="12" r={RING} stroke="currentColor" strokeOpacity=".26" strokeWidth="2.7" />
          <circle
            className="shape-arc"
            cx="12"
            cy="12"
            r={RING}
            stroke="currentColor"
            strokeWidth="2.7"
            strokeLinecap="round"
            strokeDasharray={`${share * RING_LENGTH} ${RING_LENGTH}`}
            transform="rotate(-90 12 12)"
          />
        </>
      )
    }
    case 'waiting':
      return (
        <>
          <circle cx="12" cy="12" r={RING} stroke="currentColor" strokeWidth="2" strokeDasharray="3.06 3.615" />
          <circle cx="12" cy="12" r="2.4" fill="currentColor" />
        </>
      )
    case 'degraded':
      return (
        <>
          <circle cx="12" cy="12" r={RING} stroke="currentColor" strokeWidth="2" />
          <path d="M12 3.5a8.5 8.5 0 0 0 0 17z" fill="currentColor" />
        </>
      )
    case 'problem':
      return (
        <>
          <path d="M12 3.2 21.4 20H2.6z" stroke="currentColor" strokeWidth="2" strokeLinejoin="round" />
          <path d="M12 9.6v4.8M12 17v.3" stroke="currentColor" strokeWidth="2.2" strokeLinecap="round" />
        </>
      )
    case 'stopped':
      return (
        <>
          <circle cx="12" cy="12" r={RING} stroke="currentColor" strokeWidth="2" />
          <path d="M8.5 12h7" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
        </>
      )
  }
}

/** Three wires, one stem, leaves where they cross. */
export function Mark({ size }: { size: number }) {
  return (
    <svg className="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <path
        d="M3 8h26M3 17h26M3 26h26M16 31V3"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.9"
        strokeLinecap="round"
      />
      <g fill="currentColor">
        <path d="M16 8c1.8-5 6.2-6.6 11.2-6C27.4 6.4 22.6 9.8 16 8z" />
        <path d="M16 17c-1.8-5-6.2-6.6-11.2-6C4.6 15.4 9.4 18.8 16 17z" />
        <path d="M16 26c1.8-5 6.2-6.6 11.2-6C27.4 24.4 22.6 27.8 16 26z" />
      </g>
    </svg>
  )
}

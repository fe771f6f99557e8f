/** Which part of the model a node serves, one wire tall. */
export function MiniStrip({ start, end, blockCount }: { start: number; end: number; blockCount: number }) {
  return (
    <svg className="mini-strip" viewBox={`0 0 ${blockCount} 4`} preserveAspectRatio="none" aria-hidden="true">
      <rect className="mini-wire" x="0" y="1.5" width={blockCount} height="1" />
      <rect className="mini-own" x={start} y="0" width={end - start} height="4" />
    </svg>
  )
}

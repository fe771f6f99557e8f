import { useEffect, useReducer, useRef } from 'react'

/**
 * A value that is taken over at most once in `minMs`, for what costs a frame to show; its newest is always shown in the
 * end. With 0 it is the value itself.
 */
export function useCalm<T>(value: T, minMs: number): T {
  const shown = useRef(value)
  const shownAt = useRef(Number.NEGATIVE_INFINITY)
  const [, showAgain] = useReducer((times: number) => times + 1, 0)
  // So that a list that grows beyond the bound goes on from what was shown last.
  if (minMs === 0) shown.current = value
  useEffect(() => {
    if (shown.current === value) return
    let frame = requestAnimationFrame(function take(now) {
      if (now - shownAt.current < minMs) {
        frame = requestAnimationFrame(take)
        return
      }
      shownAt.current = now
      shown.current = value
      showAgain()
    })
    return () => cancelAnimationFrame(frame)
  }, [value, minMs])
  return shown.current
}

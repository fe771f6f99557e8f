import { createContext, type ReactNode, type RefObject, useContext, useEffect, useLayoutEffect, useState } from 'react'
import type { Clock } from '../../src-shared/clock'

const NowContext = createContext(0)

/** Ticks once a second, so that every age on the page grows together, and rests while nobody looks. */
export function NowProvider({ clock, children }: { clock: Clock; children: ReactNode }) {
  const [now, setNow] = useState(() => clock.now())
  useEffect(() => {
    const tick = () => {
      if (!document.hidden) setNow(clock.now())
    }
    const stop = clock.every(1_000, tick)
    document.addEventListener('visibilitychange', tick)
    return () => {
      stop()
      document.removeEventListener('visibilitychange', tick)
    }
  }, [clock])
  return <NowContext value={now}>{children}</NowContext>
}

/** Epoch ms of the last tick. */
export function useNow(): number {
  return useContext(NowContext)
}

/** The content width of an element in CSS pixels; `fallback` until it is measured. */
export function useWidth(element: RefObject<HTMLElement | null>, fallback: number): number {
  const [width, setWidth] = useState(fallback)
  useLayoutEffect(() => {
    const target = element.current
    if (!target) return
    const measure = () => {
      if (target.clientWidth > 0) setWidth(target.clientWidth)
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(target)
    return () => observer.disconnect()
  }, [element])
  return width
}

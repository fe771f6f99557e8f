import {
  createContext,
  type ReactNode,
  type RefObject,
  useContext,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react'
import { useStore } from 'zustand'
import type { Clock } from '../../src-shared/clock'
import type { NodeState, NodeStore } from '../stores/node-store'

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

export function useNode(node: NodeStore): NodeState {
  return useStore(node.state)
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

/** A new page begins at its top, and the keyboard and screen readers begin at its heading. */
export function useFocusOnChange(key: string): void {
  const shown = useRef(key)
  useEffect(() => {
    if (shown.current === key) return
    shown.current = key
    window.scrollTo(0, 0)
    document.querySelector('h1')?.focus({ preventScroll: true })
  }, [key])
}

/** The browser asks, in its own words, before the page is closed or loaded anew. In the desktop app quitting asks instead. */
export function useQuestionBeforeLeaving(isNeeded: boolean): void {
  useEffect(() => {
    if (!isNeeded) return
    const onLeaving = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', onLeaving)
    return () => window.removeEventListener('beforeunload', onLeaving)
  }, [isNeeded])
}

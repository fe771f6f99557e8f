import type { AppView } from '../src-shared/app-view'
import { say } from './words'

/**
 * Why nothing that needs the internet can be done now (H-50); null while it is there, and while nobody knows: what cannot
 * be told is tried rather than forbidden. What the local network can do is not asked here.
 */
export function whyOffline(view: Pick<AppView, 'lights'> | null): string | null {
  return view?.lights.find(({ id }) => id === 'internet')?.state === 'down' ? say.INTERNET.away : null
}

import { useSyncExternalStore } from 'react'

export const PAGES = ['overview', 'shards', 'peers', 'try', 'host', 'diagnostics', 'settings'] as const
export type Page = (typeof PAGES)[number]

export const PEER_VIEWS = ['table', 'capabilities', 'map', 'path'] as const
export type PeerView = (typeof PEER_VIEWS)[number]

/** Of the first run, in their order; once a network is chosen their addresses lead to the overview. */
export const WELCOME_STEPS = ['what', 'network', 'computer'] as const
export type WelcomeStep = (typeof WELCOME_STEPS)[number]

export type Route =
  | { page: Exclude<Page, 'peers'> }
  | { page: 'peers'; view: PeerView }
  | { page: 'welcome'; step: WelcomeStep }

/** An address that is not ours leads to the overview. */
export function parseRoute(hash: string): Route {
  const [page, view] = hash.replace(/^#\/?/, '').split('/')
  if (page === 'peers') return { page, view: PEER_VIEWS.find((known) => known === view) ?? 'table' }
  if (page === 'welcome') return { page, step: WELCOME_STEPS.find((known) => known === view) ?? 'what' }
  const known = PAGES.find((name) => name === page)
  return { page: known && known !== 'peers' ? known : 'overview' }
}

export function hashOf(route: Route): string {
  if (route.page === 'welcome') return route.step === 'what' ? '#/welcome' : `#/welcome/${route.step}`
  return route.page === 'peers' && route.view !== 'table' ? `#/peers/${route.view}` : `#/${route.page}`
}

export function goTo(route: Route): void {
  window.location.hash = hashOf(route)
}

function onHashChange(listener: () => void): () => void {
  window.addEventListener('hashchange', listener)
  return () => window.removeEventListener('hashchange', listener)
}

export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(onHashChange, () => window.location.hash))
}

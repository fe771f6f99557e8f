import type { Page } from '../router'

/** Line drawings on a grid of 20. */
export const NAV_ICONS: Readonly<Record<Page, string>> = {
  overview: 'M3 10l7-6 7 6M5 9v7h10V9',
  shards: 'M3 6h14M3 10h14M3 14h14M7 4v12M13 4v12',
  peers: 'M3 10a7 7 0 1 1 14 0 7 7 0 0 1-14 0M3 10h14M10 3c4 4 4 10 0 14M10 3c-4 4-4 10 0 14',
  try: 'M3 5h14v9H8l-3.5 3v-3H3z',
  host: 'M10 17V3M4 8h12M4 13h12M7 17h6',
  diagnostics: 'M3 11h3l2-6 4 10 2-4h3',
  settings: 'M3 6h7M14 6h3M12 4v4M3 14h3M10 14h7M8 12v4',
}

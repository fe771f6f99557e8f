import type { Catalogue } from '..'

export const INTERNET: Catalogue['INTERNET'] = {
  away: 'Das Internet ist nicht erreichbar; dies wartet, bis es wieder da ist.',
  pagesAway: 'Die Seiten der Herausgeber liegen im Internet, das gerade nicht erreichbar ist.',
}

import type { Catalogue } from '..'

export const ESTIMATE: Catalogue['ESTIMATE'] = {
  places: { card: 'auf der Grafikkarte frei', memory: 'angeboten' },
  allFit: (most) => `alle ${most} passen`,
  noneFits: 'keiner passt',
  someFit: (fitting, most) => `${fitting} von ${most} passen`,
  hostDecides: (fit, place) => `Der Host entscheidet; ${fit} hinein (${place}).`,
  needs: (count, most, bytes) =>
    count === 1 ? `1 Block braucht etwa ${bytes}` : `${count} von ${most} Blöcken brauchen etwa ${bytes}`,
  fits: (need, place) => `${need}; das passt (${place}).`,
  fitsNot: (need, fit, place) => `${need}; ${fit} hinein (${place}).`,
}

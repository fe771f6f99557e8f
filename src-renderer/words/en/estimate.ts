import type { BlockEstimate } from '../estimate'

/** How many blocks fit, and where. */
export const ESTIMATE = {
  places: { card: 'free on the graphics card', memory: 'offered' } satisfies Record<BlockEstimate['where'], string>,
  allFit: (most: number) => `all ${most} fit`,
  noneFits: 'not one fits',
  someFit: (fitting: number, most: number) => `${fitting} of ${most} fit`,
  hostDecides: (fit: string, place: string) => `The host decides; ${fit} into the ${place}.`,
  needs: (count: number, most: number, bytes: string) =>
    count === 1 ? `1 block needs about ${bytes}` : `${count} of ${most} blocks need about ${bytes}`,
  fits: (need: string, place: string) => `${need}; it fits into the ${place}.`,
  fitsNot: (need: string, fit: string, place: string) => `${need}; ${fit} into the ${place}.`,
}

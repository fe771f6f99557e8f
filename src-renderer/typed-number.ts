/** Digits and marks of full width, as East Asian keyboards write them, are the same ones. */
function plainDigits(text: string): string {
  const toPlain = (mark: string) => String.fromCharCode(mark.charCodeAt(0) - 0xfee0)
  return text
    .replaceAll('\u3000', ' ')
    .replace(/[\uff10-\uff19\uff0c\uff0e]/g, toPlain)
    .trim()
}

/** A whole number as people write it; NaN for anything else. */
export function typedWhole(typed: string): number {
  const text = plainDigits(typed)
  // People write 131,072 or 131.072, and 4.5 is not 45. Number('') would be 0 and Number('1e3') a surprise.
  return /^(\d+|\d{1,3}([,. ]\d{3})+)$/.test(text) ? Number(text.replace(/[,. ]/g, '')) : Number.NaN
}

/** A number of 0 or more, with a point or a comma before its fraction; NaN for anything else. */
export function typedDecimal(typed: string): number {
  const text = plainDigits(typed)
  return /^\d*[.,]?\d+$/.test(text) ? Number(text.replace(',', '.')) : Number.NaN
}

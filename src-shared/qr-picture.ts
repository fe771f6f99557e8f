import * as z from 'zod/mini'

/** A QR code as one path of strokes on a square of `size` units. */
export const QrPictureSchema = z.object({
  size: z.int().check(z.minimum(1), z.maximum(400)),
  path: z.string().check(z.maxLength(200_000), z.regex(/^[MmHhVvZz0-9 .,-]+$/)),
})
export type QrPicture = z.infer<typeof QrPictureSchema>

/** Lists cut into slices that a message can carry. */

/**
 * Slices of at most `itemsMax`, each of which ends with the item that brings it to `bytesMax`: never empty, in
 * their order. No slice of an empty list.
 */
export function slicesOf<T>(
  items: readonly T[],
  bytesOf: (item: T) => number,
  { itemsMax = Infinity, bytesMax = Infinity }: { itemsMax?: number; bytesMax?: number },
): readonly (readonly T[])[] {
  const slices: T[][] = []
  let open: T[] = []
  let bytes = 0
  for (const item of items) {
    open.push(item)
    bytes += bytesOf(item)
    if (open.length < itemsMax && bytes < bytesMax) continue
    slices.push(open)
    open = []
    bytes = 0
  }
  if (open.length > 0) slices.push(open)
  return slices
}

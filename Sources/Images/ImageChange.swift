/// A way of making an image one that does not belong.
package protocol ImageChange: Sendable {
  /// - Parameter other: an image of the same shape, to take from.
  func changed<Random: RandomNumberGenerator>(
    _ image: Bitmap, other: Bitmap, random: inout Random
  ) -> Bitmap
}

extension Alteration: ImageChange {
  package func changed<Random: RandomNumberGenerator>(
    _ image: Bitmap, other: Bitmap, random: inout Random
  ) -> Bitmap {
    self(image, other: other, random: &random)
  }
}

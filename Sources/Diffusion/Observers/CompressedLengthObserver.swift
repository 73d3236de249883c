import Images

extension Observation {
  /// The image's size as a PNG file: `SurprisalEstimate.compressedBitsPerDim`.
  package static let compressedLength = Observation("compressedLength") { image, _ in
    let bits = try image.bitmap.png().count * 8
    return CompressedLengthObserver(bitsPerDim: Double(bits) / Double(image.bitmap.shape.count))
  }
}

private struct CompressedLengthObserver: ErrorObserver {
  let bitsPerDim: Double

  func report(into estimate: inout SurprisalEstimate) { estimate.compressedBitsPerDim = bitsPerDim }
}

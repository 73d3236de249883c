import Images

/// What an image shows, coarsely: numbers in which a recompressed, resized, brighter, or slightly shifted copy lies close
/// to its original.
///
/// The luma at 8x8 less its mean and, of colour images, two colour differences at 4x4, scaled to length 1; images of next
/// to no contrast are left shorter, and keep their mean to be told apart by.
struct Sketch {
  static let count = 112
  /// `[count]`, zeros at the end where there is no colour.
  let values: [Float]

  /// Contrast, in grey levels root mean square, below which an image is not scaled up to length 1.
  private static let faint: Float = 4

  init(_ image: Bitmap) {
    let luma = image.converted(toChannels: 1).resampled(width: 8, height: 8).pixels.map { Float($0) }
    let mean = luma.reduce(0, +) / 64
    var values = luma.map { ($0 - mean) / 8 }
    if image.channels == 3 {
      let colours = image.resampled(width: 4, height: 4).pixels.map { Float($0) }
      for (channel, factor) in [(2, Float(0.564)), (0, Float(0.713))] {
        let differences = (0..<16).map { pixel in
          let colour = (0..<3).map { colours[3 * pixel + $0] }
          return factor * (colour[channel] - 0.299 * colour[0] - 0.587 * colour[1] - 0.114 * colour[2])
        }
        let mean = differences.reduce(0, +) / 16
        values += differences.map { ($0 - mean) / 8 }
      }
    }
    let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    values = values.map { $0 / max(length, Self.faint) }
    values.append(max(0, 1 - length / Self.faint) * mean / 64)
    self.values = values + [Float](repeating: 0, count: Self.count - values.count)
  }
}

/// Takes `Measures` of an image from its rows as they are decoded, at little cost beside decoding them.
struct RowMeasurer {
  /// Side of the squares whose means are measured.
  private let square: Int
  private let width: Int
  private let height: Int
  private let channels: Int
  /// Sums of the rows of the squares so far, and how many rows they are.
  private var sums: [UInt16]
  private var held = 0
  private var means: [UInt8] = []
  private var transparent = 0

  /// As many rows as sums of 16 bits hold.
  static let largestSquare = 256

  /// - Parameters:
  ///   - width, height: of the image as it is decoded.
  ///   - channels: 1 or 3, of the rows.
  init(width: Int, height: Int, channels: Int) {
    self.width = width
    self.height = height
    self.channels = channels
    square = Measures.square(width: width, height: height)
    sums = [UInt16](repeating: 0, count: square > 1 ? width * channels : 0)
    means.reserveCapacity(across * down * channels)
  }

  /// Squares to a row, and rows of squares; the last may be cut.
  private var across: Int { (width + square - 1) / square }
  private var down: Int { (height + square - 1) / square }

  /// Takes the next row, `[width, channels]`.
  mutating func add(_ row: UnsafePointer<UInt8>) {
    guard square > 1 else {
      means.append(contentsOf: UnsafeBufferPointer(start: row, count: width * channels))
      return
    }
    sums.withUnsafeMutableBufferPointer { sums in
      for i in sums.indices { sums[i] &+= UInt16(row[i]) }
    }
    held += 1
    if held == square { close() }
  }

  /// Takes the next row's alpha, of rows of `[width, channels + 1]`.
  mutating func addAlpha(_ row: UnsafePointer<UInt8>) {
    var opaque = 0
    for x in 0..<width { opaque += Int(row[x * (channels + 1) + channels]) }
    transparent += 255 * width - opaque
  }

  /// Ends a row of squares.
  private mutating func close() {
    guard held > 0 else { return }
    sums.withUnsafeMutableBufferPointer { sums in
      for x in stride(from: 0, to: width, by: square) {
        let end = min(x + square, width)
        let count = UInt32((end - x) * held)
        for c in 0..<channels {
          var sum = count / 2
          for at in x..<end { sum += UInt32(sums[at * channels + c]) }
          means.append(UInt8(sum / count))
        }
      }
      for i in sums.indices { sums[i] = 0 }
    }
    held = 0
  }

  /// The measures, once all rows are in.
  ///
  /// - Parameters:
  ///   - width, height: of the file, upright.
  mutating func finish(width: Int, height: Int) -> Measures {
    close()
    return Measures(
      width: width, height: height,
      reduced: Bitmap(width: across, height: down, channels: channels, pixels: means),
      transparency: Double(transparent) / Double(255 * max(self.width * self.height, 1)))
  }
}

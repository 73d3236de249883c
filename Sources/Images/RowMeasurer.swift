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
    let (row, held, width, across) = (means.count, held, width, across)
    let (square, channels) = (square, channels)
    means.append(contentsOf: repeatElement(0, count: across * channels))
    // Whole squares hold a power of two of pixels: dividing takes longer than all else here.
    let whole = held == square ? width / square : 0
    let shift = UInt32(2 * square.trailingZeroBitCount)
    means.withUnsafeMutableBufferPointer { means in
      sums.withUnsafeMutableBufferPointer { sums in
        let means = means.baseAddress! + row
        if channels == 3 {
          Self.average(sums.baseAddress!, to: means, whole, square, shift)
        } else {
          for x in 0..<whole {
            var sum: UInt32 = (1 << shift) / 2
            for at in x * square..<(x + 1) * square { sum += UInt32(sums[at]) }
            means[x] = UInt8(truncatingIfNeeded: sum >> shift)
          }
        }
        for x in whole..<across {
          let columns = x * square..<min((x + 1) * square, width)
          let count = UInt32(columns.count * held)
          for c in 0..<channels {
            let sum = columns.reduce(count / 2) { $0 + UInt32(sums[$1 * channels + c]) }
            means[x * channels + c] = UInt8(sum / count)
          }
        }
        sums.update(repeating: 0)
      }
    }
    self.held = 0
  }

  /// Means of whole squares of RGB, of the sums of their rows.
  private static func average(
    _ sums: UnsafePointer<UInt16>, to means: UnsafeMutablePointer<UInt8>, _ count: Int, _ square: Int,
    _ shift: UInt32
  ) {
    let half: UInt32 = (1 << shift) / 2
    for x in 0..<count {
      var (red, green, blue) = (half, half, half)
      for at in x * square..<(x + 1) * square {
        red &+= UInt32(sums[3 * at])
        green &+= UInt32(sums[3 * at + 1])
        blue &+= UInt32(sums[3 * at + 2])
      }
      means[3 * x] = UInt8(truncatingIfNeeded: red >> shift)
      means[3 * x + 1] = UInt8(truncatingIfNeeded: green >> shift)
      means[3 * x + 2] = UInt8(truncatingIfNeeded: blue >> shift)
    }
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

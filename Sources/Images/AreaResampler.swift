/// Area-averaging resampling of rows as they come: each target pixel is the mean of the source area it covers, by
/// exact fractions; enlarging repeats pixels with blended seams. Memory is the target's.
///
/// Sums run over columns, then rows, in ascending order, and are rounded once: the same bytes every time.
struct AreaResampler {
  let width: Int
  let height: Int
  let channels: Int
  private let columns: Weights
  private let rows: Weights
  /// One source row reduced to the target's width.
  private var across: [Float]
  /// The target's sums so far.
  private var sums: [Float]
  private var next = 0

  /// For each target position, the source positions under it and their shares, summing to 1.
  struct Weights {
    var first: [Int] = []
    /// Where each position's shares start; one more than positions.
    var start: [Int] = [0]
    var shares: [Float] = []

    init(from size: Int, to target: Int) {
      let scale = Double(size) / Double(target)
      for index in 0..<target {
        let low = Double(index) * scale
        let high = min(Double(index + 1) * scale, Double(size))
        let begin = min(Int(low), size - 1)
        first.append(begin)
        for source in begin..<min(max(Int(high.rounded(.up)), begin + 1), size) {
          let share = (min(high, Double(source + 1)) - max(low, Double(source))) / (high - low)
          if share > 0 { shares.append(Float(share)) }
        }
        start.append(shares.count)
      }
    }

    /// The last source position under a target position.
    func last(of target: Int) -> Int { first[target] + start[target + 1] - start[target] - 1 }

    /// Share of a source position in a target position.
    func share(of source: Int, in target: Int) -> Float {
      let offset = source - first[target]
      guard offset >= 0, offset < start[target + 1] - start[target] else { return 0 }
      return shares[start[target] + offset]
    }
  }

  init(fromWidth: Int, height fromHeight: Int, channels: Int, toWidth: Int, height toHeight: Int) {
    width = toWidth
    height = toHeight
    self.channels = channels
    columns = Weights(from: fromWidth, to: toWidth)
    rows = Weights(from: fromHeight, to: toHeight)
    across = [Float](repeating: 0, count: toWidth * channels)
    sums = [Float](repeating: 0, count: toWidth * toHeight * channels)
  }

  /// Takes the next source row, `[width, channels]`.
  mutating func add(_ row: UnsafePointer<UInt8>) {
    let y = next
    next += 1
    reduce(row)
    // Targets whose area this row is part of: from the first that ends after it.
    var target = firstTarget(of: y)
    let line = width * channels
    while target < height, rows.first[target] <= y {
      let share = rows.share(of: y, in: target)
      if share > 0 {
        sums.withUnsafeMutableBufferPointer { sums in
          across.withUnsafeBufferPointer { across in
            let base = target * line
            for i in 0..<line { sums[base + i] += share * across[i] }
          }
        }
      }
      target += 1
    }
  }

  /// A source row reduced to the target's width.
  mutating func reduced(_ row: UnsafePointer<UInt8>) -> [Float] {
    reduce(row)
    return across
  }

  private func firstTarget(of y: Int) -> Int {
    let last = rows.first.count
    let sources = max(rows.first[last - 1] + rows.start[last] - rows.start[last - 1], 1)
    // A step back covers rounding of the fraction.
    return max(y * height / sources - 1, 0)
  }

  private mutating func reduce(_ row: UnsafePointer<UInt8>) {
    across.withUnsafeMutableBufferPointer { across in
      columns.shares.withUnsafeBufferPointer { shares in
        for x in 0..<width {
          let begin = columns.start[x]
          let count = columns.start[x + 1] - begin
          // In bounds: first + count never passes the source's width.
          let source = row + columns.first[x] * channels
          if channels == 1 {
            var sum: Float = 0
            for k in 0..<count { sum += shares[begin + k] * Float(source[k]) }
            across[x] = sum
          } else {
            var (red, green, blue): (Float, Float, Float) = (0, 0, 0)
            for k in 0..<count {
              let share = shares[begin + k]
              red += share * Float(source[3 * k])
              green += share * Float(source[3 * k + 1])
              blue += share * Float(source[3 * k + 2])
            }
            across[3 * x] = red
            across[3 * x + 1] = green
            across[3 * x + 2] = blue
          }
        }
      }
    }
  }

  /// The image, once all rows are in.
  func finish() -> Bitmap {
    Bitmap(
      width: width, height: height, channels: channels,
      pixels: sums.map { UInt8(min(max($0.rounded(), 0), 255)) })
  }
}

import Images

/// A window of an image over which its denoising errors lean one way: what the population would not have put there.
///
/// Squared errors (`ErrorBreakdown.cells`) say how hard a place is to denoise, and an image of coarse texture is hard
/// everywhere. Errors with their sign cancel over texture, and add up over a spot that the network paints away. Against
/// the same image's other windows, texture and light cancel once more.
package struct Spot: Sendable, Equatable {
  /// Pixels a side of the window.
  package let side: Int
  /// Whether the image is darker there than the network expects, or brighter.
  package let isDark: Bool
  /// Mean error over the window, in units of the median over the image's windows of its magnitude.
  package let strength: Float
  /// The window's first row and column.
  package let row: Int
  package let column: Int

  package init(side: Int, isDark: Bool, strength: Float, row: Int, column: Int) {
    self.side = side
    self.isDark = isDark
    self.strength = strength
    self.row = row
    self.column = column
  }

  /// Sides of the windows: a 32nd, 16th, 8th and quarter of the longer side, at least 3 pixels.
  package static func sides(_ shape: ImageShape) -> [Int] {
    let longer = max(shape.height, shape.width)
    let sides = Set([32, 16, 8, 4].map { max(3, (longer + $0 / 2) / $0) })
    return sides.filter { $0 <= min(shape.height, shape.width) }.sorted()
  }

  /// Errors that are a ten-thousandth of the noise lean neither way.
  private static let floor = 1e-4

  /// The strongest dark and the strongest bright window of each side, ascending.
  ///
  /// - Parameter errors: (yhat - y) / sigma, averaged over noise levels and draws, `[height, width, channels]`; channels
  ///   are averaged.
  static func find(in errors: ArraySlice<Float>, shape: ImageShape) -> [Spot] {
    let (h, w, c) = (shape.height, shape.width, shape.channels)
    // Sums over everything above and to the left.
    var sums = [Double](repeating: 0, count: (h + 1) * (w + 1))
    var index = errors.startIndex
    for y in 0..<h {
      var line = 0.0
      for x in 0..<w {
        for k in 0..<c { line += Double(errors[index + k]) / Double(c) }
        index += c
        sums[(y + 1) * (w + 1) + x + 1] = sums[y * (w + 1) + x + 1] + line
      }
    }
    return sides(shape).flatMap { side in
      var means: [Double] = []
      var (dark, bright) = (
        (value: -Double.infinity, row: 0, column: 0), (value: Double.infinity, row: 0, column: 0)
      )
      for y in 0...h - side {
        for x in 0...w - side {
          let (top, bottom) = (y * (w + 1) + x, (y + side) * (w + 1) + x)
          let mean = (sums[bottom + side] - sums[bottom] - sums[top + side] + sums[top]) / Double(side * side)
          means.append(abs(mean))
          if mean > dark.value { dark = (mean, y, x) }
          if mean < bright.value { bright = (mean, y, x) }
        }
      }
      let median = median(&means) + floor
      return [
        Spot(
          side: side, isDark: true, strength: Float(max(dark.value, floor) / median), row: dark.row,
          column: dark.column),
        Spot(
          side: side, isDark: false, strength: Float(max(-bright.value, floor) / median), row: bright.row,
          column: bright.column),
      ]
    }
  }

  /// The middle value, by quickselect (Hoare 1961); the order of `values` changes.
  private static func median(_ values: inout [Double]) -> Double {
    let wanted = values.count / 2
    var (low, high) = (0, values.count - 1)
    while low < high {
      let pivot = values[(low + high) / 2]
      var (i, j) = (low, high)
      while i <= j {
        while values[i] < pivot { i += 1 }
        while values[j] > pivot { j -= 1 }
        if i <= j {
          values.swapAt(i, j)
          i += 1
          j -= 1
        }
      }
      if wanted <= j { high = j } else if wanted >= i { low = i } else { break }
    }
    return values[wanted]
  }
}

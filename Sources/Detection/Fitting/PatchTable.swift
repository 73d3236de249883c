import Diffusion

/// Features of an image's patches: at every place those of all maps beside one another, coarser maps drawn to the first's places. Each
/// is the mean of the three by three places around it (PatchCore: Roth et al., arXiv 2106.08265) unless asked otherwise.
package struct PatchTable: Sendable, Equatable {
  package let height: Int
  package let width: Int
  /// Features of a patch.
  package let columns: Int
  /// `[height, width, columns]`.
  package let values: [Float]

  package var count: Int { height * width }

  /// - Parameters:
  ///   - maps: at least one, the finest first.
  ///   - scales: by which each map's values are multiplied.
  ///   - reach: places on every side that a mean is over.
  package init(_ maps: [FeatureMap], scales: [Float], reach: Int = 1) {
    let (height, width) = (maps[0].height, maps[0].width)
    let columns = maps.reduce(0) { $0 + $1.channels }
    var values = [Float](repeating: 0, count: height * width * columns)
    var first = 0
    for (map, scale) in zip(maps, scales) {
      let smooth = Self.averaged(map, scale: scale, reach: reach)
      values.withUnsafeMutableBufferPointer {
        Self.draw(smooth, map, onto: $0, height: height, width: width, columns: columns, first: first)
      }
      first += map.channels
    }
    self.height = height
    self.width = width
    self.columns = columns
    self.values = values
  }

  /// Means over places around each, of those that there are at the edges. `[height, width, channels]`.
  private static func averaged(_ map: FeatureMap, scale: Float, reach: Int) -> [Float] {
    let (height, width, channels) = (map.height, map.width, map.channels)
    var result = [Float](repeating: 0, count: map.values.count)
    map.values.withUnsafeBufferPointer { source in
      result.withUnsafeMutableBufferPointer { target in
        for y in 0..<height {
          let rows = max(y - reach, 0)...min(y + reach, height - 1)
          for x in 0..<width {
            let columns = max(x - reach, 0)...min(x + reach, width - 1)
            let share = scale / Float(rows.count * columns.count)
            let to = (y * width + x) * channels
            for row in rows {
              for column in columns {
                let from = (row * width + column) * channels
                for c in 0..<channels { target[to + c] += share * source[from + c] }
              }
            }
          }
        }
      }
    }
    return result
  }

  /// Bilinear between the middles of the places, constant beyond the outermost.
  private static func draw(
    _ values: [Float], _ map: FeatureMap, onto target: UnsafeMutableBufferPointer<Float>, height: Int,
    width: Int, columns: Int, first: Int
  ) {
    let channels = map.channels
    let across = (0..<width).map { Interpolation($0, of: width, in: map.width) }
    values.withUnsafeBufferPointer { source in
      for y in 0..<height {
        let down = Interpolation(y, of: height, in: map.height)
        for x in 0..<width {
          let (to, along) = ((y * width + x) * columns + first, across[x])
          for (row, a) in [(down.low, 1 - down.share), (down.high, down.share)] where a > 0 {
            for (column, b) in [(along.low, 1 - along.share), (along.high, along.share)] where b > 0 {
              let (from, weight) = ((row * map.width + column) * channels, a * b)
              for c in 0..<channels { target[to + c] += weight * source[from + c] }
            }
          }
        }
      }
    }
  }
}

/// Between which two of a coarser axis's places one of a finer's lies.
struct Interpolation {
  let low: Int
  let high: Int
  /// How far from the lower to the higher.
  let share: Float

  /// - Parameters:
  ///   - place: of `count` places.
  ///   - coarse: places to take values from.
  init(_ place: Int, of count: Int, in coarse: Int) {
    let position = (Float(place) + 0.5) * Float(coarse) / Float(count) - 0.5
    let inside = min(max(position, 0), Float(coarse - 1))
    low = Int(inside)
    high = min(low + 1, coarse - 1)
    share = inside - Float(low)
  }
}

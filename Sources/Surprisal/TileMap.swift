import Detection
import Foundation
import Images

/// A map over a whole image, made of what its tiles say: where tiles overlap their mean. It is no larger than a picture has to be,
/// however large the image is.
struct TileMap: Sendable {
  /// What a map shows.
  enum Kind: Sendable {
    /// Bits a pixel.
    case bits
    /// By the first statistic: where that says how odd places are (`StatisticName.isByPlace`), that, in its own unit; else minus the decimal
    /// logarithm of the tiles' p-values.
    case oddness
  }

  /// Longest side.
  static let side = 1024

  let width: Int
  let height: Int
  let grid: TileGrid
  private var sums: [Double]
  private var counts: [Double]

  init(_ grid: TileGrid, side: Int = Self.side) {
    let scale = min(1, Double(side) / Double(max(grid.width, grid.height)))
    width = max(1, Int((Double(grid.width) * scale).rounded()))
    height = max(1, Int((Double(grid.height) * scale).rounded()))
    self.grid = grid
    sums = [Double](repeating: 0, count: width * height)
    counts = sums
  }

  /// - Parameter bits: of each value of the tile, `[height, width, channels]`; nothing where there are none.
  mutating func add(_ index: Int, bits: [Double], channels: Int) {
    guard !bits.isEmpty else { return }
    let width = grid.tileWidth
    add(index) { x, y in
      let start = (y * width + x) * channels
      return (start..<start + channels).reduce(0) { $0 + bits[$1] }
    }
  }

  /// - Parameter value: of all of the tile.
  mutating func add(_ index: Int, value: Double) { add(index) { _, _ in value } }

  /// - Parameter oddness: of each pixel of the tile, `[height, width]`.
  mutating func add(_ index: Int, oddness: [Double]) {
    let width = grid.tileWidth
    add(index) { x, y in oddness[y * width + x] }
  }

  private mutating func add(_ index: Int, _ value: (Int, Int) -> Double) {
    let (left, top) = grid.origin(of: index)
    for y in 0..<grid.tileHeight {
      let row = (top + y) * height / grid.height * width
      for x in 0..<grid.tileWidth {
        let cell = row + (left + x) * width / grid.width
        sums[cell] += value(x, y)
        counts[cell] += 1
      }
    }
  }

  /// `[height, width]`: of each place the mean of all that was said of its pixels.
  var values: [Double] { zip(sums, counts).map { $1 > 0 ? $0 / $1 : 0 } }
}

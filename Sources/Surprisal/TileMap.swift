import Detection
import Foundation
import Images

/// A map over a whole image, made of what its tiles say: where tiles overlap their mean. It is no larger than a picture has to be,
/// however large the image is.
struct TileMap: Sendable {
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

  /// Minus the decimal logarithm of the p-value of each tile, by a statistic.
  /// - Parameter name: of the first of the image's scores.
  init(
    of image: TiledImage, by name: StatisticName, _ calibration: Calibration, side: Int = Self.side
  ) {
    self.init(image.grid, side: side)
    guard let law = calibration.tiles?.laws[name], let scores = image.scores.first else { return }
    for (index, score) in scores.enumerated() { add(index, value: law.surprise(score) / log(10)) }
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

import Images

/// The denoising errors of each noise level split two ways, from the same evaluations: by place, in a coarse grid of
/// cells, and by scale and direction, in the four bands of the Haar transform of 2x2 blocks. Either way the parts
/// add up to the level's error, since both are orthogonal splits of one sum of squares.
package struct ErrorBreakdown: Sendable, Equatable {
  /// How images of one shape are split.
  package struct Grid: Sendable, Equatable {
    package let shape: ImageShape
    /// Pixels a side of a cell: an eighth of the longer side, at least 4.
    package let side: Int

    package init(_ shape: ImageShape) {
      self.shape = shape
      side = max(4, (max(shape.height, shape.width) + 7) / 8)
    }

    package var rows: Int { (shape.height + side - 1) / side }
    package var columns: Int { (shape.width + side - 1) / side }
    package var cells: Int { rows * columns }
  }

  /// Bands: both neighbours alike (coarse), differing along a row, along a column, and along both.
  package static let bands = 4

  package let grid: Grid
  /// Mean squared error over sigma^2 of a cell's values, `[nodes, rows, columns]`, averaged over replicates.
  package internal(set) var cells: [Float]
  /// Mean squared coefficient over sigma^2 of a band, times its quarter of the values, `[nodes, bands]`; the four of a
  /// node add up to its error.
  package internal(set) var bands: [Float]

  init(grid: Grid, nodes: Int) {
    self.grid = grid
    cells = [Float](repeating: 0, count: nodes * grid.cells)
    bands = [Float](repeating: 0, count: nodes * Self.bands)
  }

  package init(grid: Grid, cells: [Float], bands: [Float]) {
    self.grid = grid
    self.cells = cells
    self.bands = bands
  }

  /// Adds one replicate of one node: `errors` are (yhat - y) / sigma, `[height, width, channels]` with even sides.
  mutating func add(_ errors: [Float], node: Int, share: Float) {
    errors.withUnsafeBufferPointer { add($0, node: node, share: share) }
  }

  private mutating func add(_ errors: UnsafeBufferPointer<Float>, node: Int, share: Float) {
    let (h, w, c) = (grid.shape.height, grid.shape.width, grid.shape.channels)
    let line = w * c
    let columns = grid.columns
    var sums: (Float, Float, Float, Float) = (0, 0, 0, 0)
    for row in 0..<grid.rows {
      for column in 0..<columns {
        let bottom = min((row + 1) * grid.side, h)
        let right = min((column + 1) * grid.side, w)
        var total: Float = 0
        for y in row * grid.side..<bottom {
          for i in y * line + column * grid.side * c..<y * line + right * c { total += errors[i] * errors[i] }
        }
        let count = Float((bottom - row * grid.side) * (right - column * grid.side) * c)
        cells[node * grid.cells + row * columns + column] += share * total / count
      }
    }
    for y in stride(from: 0, to: h - 1, by: 2) {
      for x in stride(from: 0, to: w - 1, by: 2) {
        for k in 0..<c {
          let i = y * line + x * c + k
          let (p, q, r, s) = (errors[i], errors[i + c], errors[i + line], errors[i + line + c])
          let (alike, across, down, both) = (p + q + r + s, p - q + r - s, p + q - r - s, p - q - r + s)
          sums.0 += alike * alike
          sums.1 += across * across
          sums.2 += down * down
          sums.3 += both * both
        }
      }
    }
    // A quarter for the transform's length, and over all values.
    let scale = share / Float(4 * h * w * c)
    let from = node * Self.bands
    bands[from] += scale * sums.0
    bands[from + 1] += scale * sums.1
    bands[from + 2] += scale * sums.2
    bands[from + 3] += scale * sums.3
  }
}

import Images
import Tensors
import Testing

@testable import Diffusion

struct ErrorBreakdownTests {
  @Test(
    "Cells and bands each add up to the error",
    arguments: [
      ImageShape(height: 28, width: 28, channels: 1), ImageShape(height: 32, width: 48, channels: 3),
      ImageShape(height: 20, width: 100, channels: 1),
    ])
  func sums(shape: ImageShape) {
    var random = RandomSource(seed: 1)
    let errors = random.normal(shape.count)
    let grid = ErrorBreakdown.Grid(shape)
    #expect(max(grid.rows, grid.columns) <= 8)
    var breakdown = ErrorBreakdown(grid: grid, nodes: 2)
    breakdown.add(errors, node: 1, share: 1)
    let truth = errors.reduce(0) { $0 + $1 * $1 } / Float(shape.count)
    // Sums of d values near 1 in float32: relative rounding below d * 2^-24, 3e-4 for the largest.
    #expect(abs(breakdown.bands[4...].reduce(0, +) - truth) < 1e-3)
    var cells: Float = 0
    for row in 0..<grid.rows {
      for column in 0..<grid.columns {
        let height = min((row + 1) * grid.side, shape.height) - row * grid.side
        let width = min((column + 1) * grid.side, shape.width) - column * grid.side
        cells += breakdown.cells[grid.cells + row * grid.columns + column] * Float(height * width)
      }
    }
    #expect(abs(cells / Float(shape.height * shape.width) - truth) < 1e-3)
    #expect(breakdown.cells[..<grid.cells].allSatisfy { $0 == 0 })
  }

  @Test("Each band takes the pattern it is for")
  func bands() {
    let shape = ImageShape(height: 16, width: 16, channels: 1)
    let patterns: [(Int, Int) -> Float] = [
      { _, _ in 1 }, { _, x in x % 2 == 0 ? 1 : -1 }, { y, _ in y % 2 == 0 ? 1 : -1 },
      { y, x in (x + y) % 2 == 0 ? 1 : -1 },
    ]
    for (band, pattern) in patterns.enumerated() {
      let errors = (0..<256).map { pattern($0 / 16, $0 % 16) }
      var breakdown = ErrorBreakdown(grid: .init(shape), nodes: 1)
      breakdown.add(errors, node: 0, share: 1)
      #expect(breakdown.bands == (0..<4).map { $0 == band ? 1 : 0 })
    }
  }
}

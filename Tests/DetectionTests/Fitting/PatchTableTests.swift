import Diffusion
import Testing

@testable import Detection

@Suite struct PatchTableTests {
  /// A map of one feature by row and column.
  private func map(_ height: Int, _ width: Int, _ value: (Float, Float) -> Float) -> FeatureMap {
    FeatureMap(
      height: height, width: width, channels: 1,
      values: (0..<height).flatMap { y in
        (0..<width).map { value((Float($0) + 0.5) / Float(width), (Float(y) + 0.5) / Float(height)) }
      })
  }

  @Test("What is the same at every place stays so, at every resolution, times its scale")
  func constant() {
    let table = PatchTable([map(8, 6) { _, _ in 3 }, map(4, 3) { _, _ in -2 }], scales: [2, 10])
    #expect(table.height == 8 && table.width == 6 && table.columns == 2)
    for place in 0..<48 {
      #expect(abs(table.values[2 * place] - 6) < 1e-5 && abs(table.values[2 * place + 1] + 20) < 1e-5)
    }
  }

  @Test("What ascends evenly does so after averaging and drawing finer, but for the edges")
  func ramp() {
    let ramp = { (x: Float, y: Float) in 2 * x - 3 * y }
    let table = PatchTable([map(16, 16, ramp), map(8, 8, ramp)], scales: [1, 1])
    for y in 4..<12 {
      for x in 4..<12 {
        let wanted = ramp((Float(x) + 0.5) / 16, (Float(y) + 0.5) / 16)
        for column in 0..<2 { #expect(abs(table.values[(y * 16 + x) * 2 + column] - wanted) < 1e-5) }
      }
    }
  }

  @Test("A single place spreads over nine, and no further")
  func spread() {
    let table = PatchTable([map(9, 9) { x, y in abs(x - 0.5) + abs(y - 0.5) < 0.01 ? 9 : 0 }], scales: [1])
    for y in 0..<9 {
      for x in 0..<9 {
        let wanted: Float = abs(x - 4) <= 1 && abs(y - 4) <= 1 ? 1 : 0
        #expect(abs(table.values[y * 9 + x] - wanted) < 1e-5)
      }
    }
  }

  @Test("A map drawn at an image's size is highest where it was, and nowhere beyond its values")
  func drawn() {
    var values = [Double](repeating: 1, count: 64)
    values[2 * 8 + 5] = 4
    let pixels = PatchMap(values, height: 8, width: 8).drawn(height: 80, width: 80)
    let peak = pixels.indices.max { pixels[$0] < pixels[$1] } ?? 0
    #expect(abs(peak / 80 - 25) <= 1 && abs(peak % 80 - 55) <= 1)
    #expect(pixels.allSatisfy { $0 >= 1 - 1e-9 && $0 <= 4 })
    #expect(abs(pixels[79 * 80] - 1) < 1e-9)
    let level = PatchMap([Double](repeating: 7, count: 12), height: 3, width: 4).drawn(height: 31, width: 17)
    #expect(level.allSatisfy { abs($0 - 7) < 1e-9 })
  }
}

import Images
import Tensors
import Testing

@testable import Diffusion

struct SpotTests {
  static let shape = ImageShape(height: 32, width: 40, channels: 3)

  private func find(_ errors: [Float]) -> [Spot] { Spot.find(in: errors[...], shape: Self.shape) }

  /// Errors of one size everywhere but in a block of 5 by 5 pixels from row 9 and column 21 on.
  private func block(_ value: Float, around random: inout RandomSource) -> [Float] {
    var errors = random.normal(Self.shape.count)
    for y in 9..<14 {
      for x in 21..<26 { for k in 0..<3 { errors[(y * 40 + x) * 3 + k] += value } }
    }
    return errors
  }

  @Test("Windows are found where errors lean, each way, at every side")
  func place() {
    var random = RandomSource(seed: 1)
    let dark = find(block(5, around: &random))
    #expect(dark.map(\.side) == Spot.sides(Self.shape).flatMap { [$0, $0] })
    // A window's mean over noise has deviation 1 / (side sqrt(3)), at most 0.2; the block lifts a window inside it by 5.
    for spot in dark where spot.isDark && spot.side <= 5 {
      #expect((9...14 - spot.side) ~= spot.row && (21...26 - spot.side) ~= spot.column)
    }
    // A window as large as or larger than the block holds it all, give or take a line of it.
    for spot in dark where spot.isDark && spot.side > 5 {
      #expect((14 - spot.side - 1...10) ~= spot.row && (26 - spot.side - 1...22) ~= spot.column)
    }
    // Median of a normal variable's size: 0.6745 deviations.
    let least = dark.filter { $0.isDark && $0.side == 3 }.map(\.strength)
    #expect(least.count == 1 && least[0] > 0.8 * 5 / (0.6745 / (3 * Float(3).squareRoot())))
  }

  @Test("Turning every error round makes dark spots bright ones")
  func sides() {
    var random = RandomSource(seed: 2)
    let errors = block(3, around: &random)
    let turned = find(errors.map(-)).map {
      Spot(side: $0.side, isDark: !$0.isDark, strength: $0.strength, row: $0.row, column: $0.column)
    }
    // Dark before bright at each side.
    let sorted = turned.indices.map { turned[$0 ^ 1] }
    #expect(sorted == find(errors))
  }

  @Test("Spots are as strong in an image whose errors are all larger")
  func relative() {
    var random = RandomSource(seed: 3)
    let errors = block(3, around: &random)
    for (one, other) in zip(find(errors), find(errors.map { 8 * $0 })) {
      #expect(one.row == other.row && one.column == other.column)
      // The floor of 1e-4 beside medians of 0.039 and more (0.6745 / (10 sqrt(3))).
      #expect(abs(one.strength / other.strength - 1) < 0.004)
    }
  }

  @Test("Without any error no spot is strong")
  func none() {
    #expect(find([Float](repeating: 0, count: Self.shape.count)).allSatisfy { $0.strength == 1 })
  }
}

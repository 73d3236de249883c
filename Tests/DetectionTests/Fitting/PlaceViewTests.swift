import Diffusion
import Tensors
import Testing

@testable import Detection

/// What is kept of an encoder's maps to judge places by.
@Suite struct PlaceViewTests {
  private static func maps(_ random: inout RandomSource, gain: Float = 1) -> [FeatureMap] {
    // Channels that go together, and one of another spread.
    let common = random.normal(6 * 6)
    let noise = random.normal(6 * 6 * 4)
    let fine = noise.indices.map { k in
      let value = noise[k] + common[k / 4]
      return k % 4 == 2 ? gain * value : value
    }
    return [
      FeatureMap(height: 6, width: 6, channels: 4, values: fine),
      FeatureMap(height: 3, width: 3, channels: 2, values: random.normal(3 * 3 * 2)),
    ]
  }

  private static func images(_ count: Int, seed: UInt64, gain: Float = 1) -> [[FeatureMap]] {
    var random = RandomSource(seed: seed)
    return (0..<count).map { _ in maps(&random, gain: gain) }
  }

  @Test("A channel's unit and its origin change nothing")
  func units() {
    let views = [1, 1000].map { PlaceView(fitting: Self.images(80, seed: 1, gain: $0)) }
    #expect(views[0].columns == views[1].columns && views[0].columns == 5)
    let a = views[0].features(Self.images(1, seed: 2)[0])
    let b = views[1].features(Self.images(1, seed: 2, gain: 1000)[0])
    #expect(a.count == 36 * 5)
    // A direction may point either way.
    for k in 0..<5 {
      let x = stride(from: k, to: a.count, by: 5).map { a[$0] }
      let y = stride(from: k, to: b.count, by: 5).map { b[$0] }
      let sign: Float = zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } < 0 ? -1 : 1
      #expect(zip(x, y).allSatisfy { abs($0 - sign * $1) < 2e-3 })
    }
  }

  @Test("Directions go by spread, and places of the population are around none")
  func spread() {
    let images = Self.images(200, seed: 3)
    let view = PlaceView(fitting: images)
    let all = images.flatMap { view.features($0) }
    let spreads = (0..<5).map { k in
      let values = stride(from: k, to: all.count, by: 5).map { Double(all[$0]) }
      let mean = values.reduce(0, +) / Double(values.count)
      #expect(abs(mean) < 0.02)
      return values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
    }
    #expect(zip(spreads, spreads.dropFirst()).allSatisfy { $0 > $1 * 0.98 })
    // Four channels with one thing in common: each of deviation 1, half of it shared.
    #expect(abs(spreads[0] - 2.5) < 0.15)
  }

  @Test(
    "A map that is thinned keeps its mean, and no more places than asked for",
    arguments: [(6, 6), (7, 5), (40, 3)])
  func thinned(height: Int, width: Int) {
    let values = (0..<height * width * 2).map { Float($0 % 2 == 0 ? 3 : $0 / 2) }
    let map = FeatureMap(height: height, width: width, channels: 2, values: values)
    for most in [1, 4, 9, 12, 1000] {
      let thin = map.thinned(toAtMost: most)
      #expect(thin.height * thin.width <= max(most, 1) && thin.channels == 2)
      #expect(stride(from: 0, to: thin.values.count, by: 2).allSatisfy { abs(thin.values[$0] - 3) < 1e-5 })
      if height * width <= most { #expect(thin == map) }
      let grid = FeatureForm.Map(height: height, width: width, channels: 2).grid(ofAtMost: most)
      #expect(grid == (thin.height, thin.width))
    }
    let one = map.thinned(toAtMost: 1)
    let mean = Float(height * width - 1) / 2
    #expect(abs(one.values[1] - mean) < 1e-3 * mean)
  }
}

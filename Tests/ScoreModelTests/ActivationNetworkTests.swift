import Images
import Tensors
import Testing

@testable import ScoreModel

struct ActivationNetworkTests {
  static let preconditioning = Preconditioning(mean: -0.1, deviation: 0.5)

  /// A network whose every layer does something: random weights, those that start at zero too.
  static func weights(_ network: Network) throws -> FrozenWeights {
    var random = RandomSource(seed: 4)
    return try FrozenWeights(network.parameterSpecs) { spec in
      random.normal(spec.count).map { 0.1 * $0 + (spec.name.hasSuffix("scale") ? 1 : 0) }
    }
  }

  static func pooled(
    _ architecture: Architecture, _ weights: FrozenWeights, _ images: [Float], batch: Int = 8
  ) throws -> [Float] {
    try ActivationNetwork(
      Network(architecture), weights: weights, preconditioning: preconditioning, engine: try Engine(),
      precision: .direct, batch: batch
    ).pooled(images)
  }

  static let colours = Architecture(shape: ImageShape(height: 16, width: 24, channels: 3), preset: .tiny)

  @Test("An image's activations do not depend on the images beside it, and are those of each of its values")
  func independence() throws {
    let weights = try Self.weights(Network(Self.colours))
    var random = RandomSource(seed: 5)
    let d = Self.colours.shape.count
    let images = random.normal(11 * d).map { min(max($0 / 2, -1), 1) }
    let all = try Self.pooled(Self.colours, weights, images)
    let width = ActivationNetwork.count(Self.colours)
    #expect(all.count == 11 * width)
    let one = try Self.pooled(Self.colours, weights, Array(images[9 * d..<10 * d]))
    #expect(Array(all[9 * width..<10 * width]) == one)
    // Logarithms of deviations, of which some are there.
    #expect(one[(width / 2)...].allSatisfy { $0.isFinite } && one[(width / 2)...].contains { $0 > -9 })
    var changed = Array(images[9 * d..<10 * d])
    changed[d / 2] = -changed[d / 2] + 0.3
    #expect(try Self.pooled(Self.colours, weights, changed) != one)
  }

  @Test("A network of colours, made gray, makes of gray images what it made of them in three equal channels")
  func gray() throws {
    let network = Network(Self.colours)
    let weights = try Self.weights(network)
    let shape = ImageShape(height: 16, width: 24, channels: 1)
    let gray = try #require(try network.weights(weights, for: shape))
    var random = RandomSource(seed: 6)
    let image = random.normal(shape.count).map { min(max($0 / 2, -1), 1) }
    let repeated = image.flatMap { [$0, $0, $0] }
    let (a, b) = (
      try Self.pooled(Self.colours, weights, repeated),
      try Self.pooled(Self.colours.reshaped(shape), gray, image)
    )
    // Sums of 27 products instead of 9 of thrice the weight: rounding alone, of values of about 1.
    #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-4 * (1 + abs($0)) })
    // Denoised, each colour's mean is the gray value, as far as the last layer's weights say the same of all colours.
    func denoised(_ architecture: Architecture, _ weights: FrozenWeights, _ noisy: [Float]) throws -> [Float]
    {
      try ScoreNetwork(
        Network(architecture), weights: weights, preconditioning: Self.preconditioning, engine: try Engine(),
        precision: .direct
      ).denoise(noisy, sigma: 0.5)
    }
    let colour = try denoised(Self.colours, weights, repeated)
    let mean = (0..<shape.count).map { place -> Float in
      colour[3 * place..<3 * place + 3].reduce(0, +) / 3
    }
    let own = try denoised(Self.colours.reshaped(shape), gray, image)
    #expect(zip(mean, own).allSatisfy { abs($0 - $1) < 1e-4 * (1 + abs($0)) })
    // Of gray nothing is known of colours.
    let back = try Network(Self.colours.reshaped(shape)).weights(gray, for: Self.colours.shape)
    #expect(back == nil)
  }
}

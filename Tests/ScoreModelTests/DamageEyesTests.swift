import Foundation
import Images
import Tensors
import Testing

@testable import ScoreModel

struct DamageEyesTests {
  static let shape = ImageShape(height: 32, width: 32, channels: 1)
  static let network = DamageNetwork(shape)
  static let preconditioning = Preconditioning(mean: 0, deviation: 0.3)

  /// Brighter to the right, with noise.
  static func images(_ count: Int, seed: UInt64, shape: ImageShape = shape) -> ImageBatch {
    var random = RandomSource(seed: seed)
    return ImageBatch(
      shape: shape,
      images: (0..<count).map { _ in
        let across = 20 + 20 * random.uniform()
        return Bitmap(
          shape: shape,
          pixels: (0..<shape.count).map { i in
            let column = Double(i % shape.width) / Double(shape.width)
            return UInt8(90 + across * column + 20 * random.uniform())
          })
      })
  }

  static func trainer(
    _ images: ImageBatch, steps: Int, threads: Int = 1, kinds: [Damage] = Damage.allCases,
    precision: Precision = .float32
  ) throws -> DamageTrainer {
    var options = DamageTrainer.options(steps: steps)
    options.precision = precision
    Engine.threads = threads
    return try DamageTrainer(
      DamageNetwork(images.shape), images: images, options: options, preconditioning: preconditioning,
      kinds: kinds)
  }

  static func eyes(_ weights: FrozenWeights, shape: ImageShape = shape) throws -> DamageEyes {
    try DamageEyes(
      DamageNetwork(shape), weights: weights, preconditioning: preconditioning,
      engine: try Engine(threads: 1), precision: .float32)
  }

  @Test("It learns to mark damaged places of fresh images")
  func learning() throws {
    let kinds: [Damage] = [.spot, .scratch, .crack]
    let shape = ImageShape(height: 64, width: 64, channels: 1)
    let trainer = try Self.trainer(Self.images(64, seed: 1, shape: shape), steps: 100, kinds: kinds)
    while trainer.step < 100 { #expect(try trainer.advance().isFinite) }
    let eyes = try Self.eyes(trainer.averaged, shape: shape)
    let fresh = Self.images(40, seed: 2, shape: shape)
    var random = RandomSource(seed: 3)
    var (hit, spared): ([Float], [Float]) = ([], [])
    for index in fresh.indices {
      let damaged = Damage.hit(fresh[index].planes, kinds: kinds, random: &random) { _ in fresh[0].planes }
      let seen = try eyes.look(at: ImageBatch(shape: shape, images: [Bitmap(damaged.image)]).scaled)[0]
      for (label, logit) in zip(damaged.labels.values, seen.logits) {
        if label > 0.5 { hit.append(logit) }
        if label == 0 { spared.append(logit) }
      }
    }
    #expect(hit.count > 50 && spared.count > 200, "\(hit.count) \(spared.count)")
    var above = 0
    for a in hit { above += spared.count { $0 < a } }
    let share = Double(above) / Double(hit.count * spared.count)
    // Chance is a half; its standard error with 50 places among 200 is below 0.05.
    #expect(share > 0.8, "\(share)")
  }

  @Test("The gradient is the loss's slope, by finite differences along it")
  func gradient() throws {
    var random = RandomSource(seed: 5)
    let parameters = Parameters(Self.network.parameterSpecs)
    parameters.initialise(seed: 6)
    // What starts at zero would hide what lies before it.
    for spec in Self.network.parameterSpecs where spec.start == .constant(0) {
      try parameters.write(random.normal(spec.count).map { 0.1 * $0 }, to: spec.name)
    }
    let shard = try DamageShard(
      Self.network, parameters: parameters, rows: 4, of: 4, precision: .float32,
      preconditioning: Self.preconditioning)
    let images = Self.images(4, seed: 4)
    let rows = images.indices.map { index in
      let hit = Damage.hit(images[index].planes, random: &random) { _ in images[0].planes }
      return DamagedImage(
        image: Bitmap(hit.image), labels: hit.labels, isMirrored: index > 1, isUpsideDown: index % 2 == 1)
    }
    func loss() throws -> Double {
      try shard.prepare()
      return try shard.run(rows[...])
    }
    _ = try loss()
    let gradient = parameters.withGradients { Array($0) }
    for spec in Self.network.parameterSpecs {
      let first = try #require(parameters.offsets[spec.name])
      #expect(gradient[first..<first + spec.count].contains { abs($0) > 1e-8 }, "\(spec.name)")
    }
    let length = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    #expect(length > 1e-3)
    let values = parameters.withValues { Array($0) }
    func at(_ step: Double) throws -> Double {
      parameters.withValues { target in
        for i in values.indices { target[i] = values[i] + Float(step * Double(gradient[i]) / length) }
      }
      return try loss()
    }
    let step = 2e-3
    let slope = (try at(step) - at(-step)) / (2 * step)
    // The third derivative's share of the central difference, and float32's rounding of the loss, 1e-6, over the step.
    #expect(abs(slope - length) < 0.02 * length + 1e-3, "\(slope) \(length)")
  }

  @Test("The number of threads changes no bit of what is learned", arguments: Precision.supported)
  func threads(precision: Precision) throws {
    let images = Self.images(9, seed: 8)
    let learned = try [1, 2].map { threads in
      let trainer = try Self.trainer(images, steps: 3, threads: threads, precision: precision)
      for _ in 0..<3 { #expect(try trainer.advance().isFinite) }
      return Self.network.parameterSpecs.map { trainer.averaged.read($0) }
    }
    #expect(learned[1] == learned[0])
  }

  @Test(
    "An image is seen alike whatever comes with it; the middle's features are normalised, and most is no less than least"
  )
  func looking() throws {
    let parameters = Parameters(Self.network.parameterSpecs)
    parameters.initialise(seed: 9)
    let eyes = try Self.eyes(FrozenWeights(parameters))
    let images = Self.images(11, seed: 10)
    let all = try eyes.look(at: images.scaled)
    #expect(all.count == 11)
    let width = DamageNetwork.features
    for index in [0, 7, 8, 10] {
      let alone = try eyes.look(at: images[index..<index + 1].scaled)
      #expect(alone[0].features == all[index].features && alone[0].logits == all[index].logits)
      #expect(alone[0].logits.count == 16 && alone[0].features.count == 16 * width)
      for place in 0..<16 {
        let own = all[index].features[place * width..<(place + 1) * width]
        #expect(abs(own.prefix(64).reduce(0, +)) < 1e-3)
        #expect(abs(own.prefix(64).reduce(0) { $0 + $1 * $1 } - 64) < 0.5)
        for (most, least) in zip(own.dropFirst(64).prefix(32), own.suffix(32)) { #expect(most >= -least) }
      }
    }
  }
}

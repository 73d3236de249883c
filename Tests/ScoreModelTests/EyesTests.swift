import Foundation
import Images
import Tensors
import Testing

@testable import ScoreModel

struct EyesTests {
  static let shape = ImageShape(height: 16, width: 16, channels: 1)
  static let network = EyeNetwork(Architecture(shape: shape, preset: .tiny, levels: 2))
  static let preconditioning = Preconditioning(mean: 0, deviation: 0.5)

  /// Brighter to the right, darker below, each by its own amount: which way is up can be seen of every one.
  static func images(_ count: Int, seed: UInt64) -> ImageBatch {
    var random = RandomSource(seed: seed)
    return ImageBatch(
      shape: shape,
      images: (0..<count).map { _ in
        let (across, down) = (4 + 3 * random.uniform(), 2 + random.uniform())
        return Bitmap(
          shape: shape,
          pixels: (0..<256).map { i in
            let value = 100 + across * Double(i % 16) - down * Double(i / 16) + 8 * random.uniform()
            return UInt8(min(max(value, 0), 255))
          })
      })
  }

  static func trainer(
    _ images: ImageBatch, steps: Int, batch: Int = 16, threads: Int = 1,
    start: FrozenWeights? = nil, precision: Precision = .float32
  ) throws -> EyeTrainer {
    var options = TrainingOptions()
    (options.batch, options.steps, options.learningRate, options.warmup) = (batch, steps, 0.003, 5)
    options.precision = precision
    Engine.threads = threads
    return try EyeTrainer(
      network, images: images, options: options, preconditioning: preconditioning, startingFrom: start)
  }

  static func eyes(_ weights: FrozenWeights, batch: Int = 8) throws -> Eyes {
    try Eyes(
      network, weights: weights, preconditioning: preconditioning, engine: try Engine(threads: 1),
      precision: .float32, batch: batch)
  }

  @Test("Eyes learn to tell which way fresh images are altered; before they learned, they know nothing")
  func learning() throws {
    let trainer = try Self.trainer(Self.images(64, seed: 1), steps: 250)
    let knowsNothing = log(Float(Self.network.alterations.count))
    // The last layer starts at zero: every way is as likely.
    #expect(try abs(trainer.advance() - knowsNothing) < 1e-4)
    while trainer.step < 250 { _ = try trainer.advance() }
    let eyes = try Self.eyes(trainer.averaged)
    let fresh = Self.images(40, seed: 2)
    var random = RandomSource(seed: 3)
    for (index, kind) in Self.network.alterations.enumerated() {
      let altered = ImageBatch(
        shape: Self.shape, images: fresh.indices.map { kind(fresh[$0], other: fresh[0], random: &random) })
      let seen = try eyes.look(at: altered.scaled)
      let told = seen.count { look in
        look.logProbabilities.indices.allSatisfy {
          look.logProbabilities[$0] <= look.logProbabilities[index]
        }
      }
      // Chance would tell one in eight, five of 40; half are beyond it by seven standard deviations.
      #expect(told >= 20, "\(kind): \(told) of 40")
      for look in seen {
        #expect(abs(look.logProbabilities.reduce(0) { $0 + exp($1) } - 1) < 1e-4)
        #expect(look.activations.count == Self.network.activationCount)
      }
    }
  }

  @Test("The gradient is the loss's slope, by finite differences along it")
  func gradient() throws {
    let images = Self.images(8, seed: 4)
    var random = RandomSource(seed: 5)
    let parameters = Parameters(Self.network.parameterSpecs)
    parameters.initialise(seed: 6)
    // What starts at zero would hide what lies before it.
    for spec in Self.network.parameterSpecs where spec.start == .constant(0) {
      try parameters.write(random.normal(spec.count).map { 0.1 * $0 }, to: spec.name)
    }
    let shard = try EyeShard(
      Self.network, parameters: parameters, images: images, rows: 8, of: 8, precision: .float32,
      preconditioning: Self.preconditioning)
    let rows = (0..<8).map {
      EyeRow(image: $0, isFlipped: false, kind: $0 % 8, random: RandomSource(seed: 7, stream: UInt64($0)))
    }
    func loss() throws -> Double {
      try shard.prepare()
      return try shard.run(rows[...])
    }
    _ = try loss()
    let gradient = parameters.withGradients { Array($0) }
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
    let learned = try [1, 2, 5].map { threads in
      let trainer = try Self.trainer(images, steps: 4, batch: 20, threads: threads, precision: precision)
      for _ in 0..<4 { #expect(try trainer.advance().isFinite) }
      return Self.network.parameterSpecs.map { trainer.averaged.read($0) }
    }
    #expect(learned[1] == learned[0] && learned[2] == learned[0])
  }

  @Test("They start from the denoiser's way down, and see an image alike whatever comes with it")
  func start() throws {
    let denoiser = try ActivationNetworkTests.weights(Self.network.network)
    let trainer = try Self.trainer(Self.images(4, seed: 9), steps: 1, start: denoiser)
    let weights = trainer.averaged
    for spec in Self.network.network.downSpecs { #expect(weights.read(spec) == denoiser.read(spec)) }
    let images = Self.images(11, seed: 10)
    let all = try Self.eyes(weights).look(at: images.scaled)
    #expect(all.count == 11)
    for index in [0, 7, 8, 10] {
      let alone = try Self.eyes(weights).look(at: images[index..<index + 1].scaled)
      #expect(alone[0].activations == all[index].activations)
      #expect(alone[0].logProbabilities == all[index].logProbabilities)
    }
  }
}

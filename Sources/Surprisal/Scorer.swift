import Detection
import Diffusion
import Images
import Tensors

/// A model ready to score, sample and explain. Use from one thread at a time.
public final class Scorer {
  public let model: Model
  public let formula: LogProbability
  private let pool: NetworkPool
  var precision: Precision { pool.precision }

  /// Images to score in one call for best use of the machine.
  public var batch: Int { max(32, 8 * pool.threads) }

  /// - Parameters:
  ///   - evaluations: network evaluations an image.
  ///   - engine: its threads score.
  public init(
    _ model: Model, evaluations: Int, precision: Precision = .fastest, engine: Engine
  ) {
    self.model = model
    formula = Self.formula(model, evaluations: evaluations)
    pool = NetworkPool(model, precision: precision, engine: engine)
  }

  private init(_ formula: LogProbability, _ pool: NetworkPool) {
    model = pool.model
    self.formula = formula
    self.pool = pool
  }

  /// The same network with another number of evaluations.
  public func with(evaluations: Int) -> Scorer {
    Scorer(Self.formula(model, evaluations: evaluations), pool)
  }

  private static func formula(_ model: Model, evaluations: Int) -> LogProbability {
    let spend = Evaluations(evaluations)
    return LogProbability(
      range: model.range,
      quadrature: model.control.map { .placed(spend.nodes, by: $0.survey) }
        ?? .twoPanels(spend.nodes, over: model.range, knee: 3 * Double(model.preconditioning.deviation)),
      replicates: spend.replicates, noise: model.noise, moments: model.moments, control: model.control,
      shape: model.shape)
  }

  /// Scores images, and measures each as a PNG file.
  public func estimate(_ images: ImageBatch, withMap: Bool = false) throws -> [SurprisalEstimate] {
    try pool.map(images.count) { [formula] range, network in
      let some = images[range]
      var estimates = try formula.estimate(some, under: network, withMap: withMap)
      for index in estimates.indices {
        estimates[index].compressedBitsPerDim =
          Double(try some[index].png().count * 8) / Double(some.shape.count)
      }
      return estimates
    }
  }

  /// Draws images.
  public func sample(
    _ count: Int, noise: Double, steps: Int, seed: UInt64,
    progress: @Sendable (Int, Int) -> Void = { _, _ in }
  ) throws -> ImageBatch {
    let diffusion = ReverseDiffusion(steps: steps, range: model.range, noise: noise, seed: seed)
    let images = try pool.map(count) { [start = model.moments.mean] range, network in
      try diffusion.sample(range, from: network, start: start) { done, steps in
        if range.lowerBound == 0 { progress(done, steps) }
      }
    }
    return ImageBatch(
      shape: model.shape, pixels: images.map { UInt8(min(max((($0 + 1) * 127.5).rounded(), 0), 255)) })
  }

  /// Time of each layer for one pass of 32 images by all threads.
  public func profile(rounds: Int) throws -> [(layer: String, kernel: String, seconds: Double)] {
    try pool.profile(batch: 32, rounds: rounds)
  }
}

import Detection
import Diffusion
import Images
import ScoreModel
import Tensors

/// A model ready to score, sample and explain. Use from one thread at a time.
public final class Scorer {
  public let model: Model
  public let formula: LogProbability
  let network: ScoreNetwork
  var precision: Precision { network.precision }

  /// Images scored in one call for best use of the machine.
  public static let batch = 32

  /// - Parameter evaluations: network evaluations an image.
  /// - Throws: `EngineError`.
  public init(
    _ model: Model, evaluations: Int, precision: Precision = .fastest, engine: Engine
  ) throws(EngineError) {
    self.model = model
    formula = Self.formula(model, evaluations: evaluations)
    network = try model.denoiser(engine: engine, precision: precision)
  }

  private init(_ model: Model, formula: LogProbability, network: ScoreNetwork) {
    self.model = model
    self.formula = formula
    self.network = network
  }

  /// The same network with another number of evaluations.
  public func with(evaluations: Int) -> Scorer {
    Scorer(model, formula: Self.formula(model, evaluations: evaluations), network: network)
  }

  private static func formula(_ model: Model, evaluations: Int) -> LogProbability {
    let spend = Evaluations(evaluations)
    return LogProbability(
      range: model.range,
      quadrature: model.control.map { .placed(spend.nodes, by: $0.survey) }
        ?? .twoPanels(spend.nodes, over: model.range, knee: 3 * Double(model.preconditioning.deviation)),
      replicates: spend.replicates, noise: model.noise, moments: model.moments, control: model.control)
  }

  /// Scores 8-bit images `[N, d]`.
  public func estimate(_ images: [UInt8], withMap: Bool = false) throws -> [SurprisalEstimate] {
    try formula.estimate(images, under: network, withMap: withMap)
  }

  /// Draws images `[N, d]`, 8-bit.
  public func sample(
    _ count: Int, noise: Double, steps: Int, seed: UInt64, progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> [UInt8] {
    let diffusion = ReverseDiffusion(steps: steps, range: model.range, noise: noise, seed: seed)
    let images = try diffusion.sample(count, from: network, start: model.moments.mean, progress: progress)
    return images.map { UInt8(min(max((($0 + 1) * 127.5).rounded(), 0), 255)) }
  }

  /// Time of each layer for one batch.
  public func profile(rounds: Int) throws -> [(layer: String, kernel: String, seconds: Double)] {
    try network.profile(rounds: rounds)
  }
}

extension Scorer {
  /// Scores every image of `paths` in order.
  /// - Returns: how many were unreadable.
  public func estimates(
    of paths: [String], reading: ImageReading = ImageReading(), limit: Int? = nil,
    _ body: (SurprisalEstimate) throws -> Void
  ) throws -> Int {
    let stream = ImageStream(paths, shape: model.shape, reading: reading, limit: limit)
    defer { stream.cancel() }
    var unreadable = 0
    while case let images = stream.next(Self.batch), !images.isEmpty {
      let readable = images.compactMap { try? $0.pixels.get() }
      unreadable += images.count - readable.count
      for estimate in try self.estimate(readable.flatMap { $0 }) { try body(estimate) }
    }
    return unreadable
  }
}

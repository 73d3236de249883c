import Detection
import Diffusion
import Images
import Tensors

/// A model ready to score images and to draw them. Use from one thread at a time.
public final class Scorer {
  public let model: Model
  /// Nil at no evaluations.
  private let integral: LogProbability?
  let evaluations: Int
  /// What sees images in the network's place; nil where the network does.
  private let eyes: (any FeatureSource)?
  private let pool: NetworkPool
  var precision: Precision { pool.precision }

  /// Images to score in one call for best use of the machine.
  public var batch: Int { max(32, 8 * pool.threads) }

  /// - Parameter evaluations: network evaluations an image; with 0 images are looked at once, and have no bits.
  /// - Throws: `EngineError`.
  public convenience init(
    _ model: Model, evaluations: Int = EvaluationBudget.standardCount, compute: Compute = Compute()
  ) throws {
    try self.init(
      model, evaluations: evaluations, observing: Calibration.allObservations, compute: compute)
  }

  /// - Parameter observing: what is to be known of images beside their bits.
  package init(
    _ model: Model, evaluations: Int, observing observations: [Observation], compute: Compute
  ) throws {
    self.model = model
    self.evaluations = evaluations
    eyes = nil
    integral =
      evaluations > 0 ? Self.formula(model, evaluations: evaluations, observations) : nil
    pool = NetworkPool(model, precision: compute.precision, engine: try compute.engine())
  }

  private init(_ integral: LogProbability?, evaluations: Int, _ pool: NetworkPool) {
    model = pool.model
    eyes = nil
    self.integral = integral
    self.evaluations = evaluations
    self.pool = pool
  }

  /// Sees images by the model's encoder; its network does not run.
  /// - Throws: `EncoderError`, `EngineError`.
  convenience init(_ model: Model, by sight: Sight, compute: Compute) throws {
    try self.init(model, seeing: sight.encoder(compute), compute: compute)
  }

  /// Sees images by an encoder in the place of the model's network.
  /// - Throws: `EngineError`.
  init(_ model: Model, seeing encoder: any FeatureSource, compute: Compute) throws {
    self.model = model
    evaluations = 0
    integral = nil
    eyes = encoder
    pool = NetworkPool(model, precision: compute.precision, engine: try compute.engine())
  }

  /// Of the images that it takes.
  public var shape: ImageShape { eyes?.shape ?? model.shape }

  /// All that its estimates depend on beside the model.
  var fingerprint: String { eyes?.fingerprint ?? precision.rawValue }

  /// The same network with another number of evaluations.
  package func with(evaluations: Int) -> Scorer {
    let observations = integral?.observations ?? Calibration.allObservations
    let integral = evaluations > 0 ? Self.formula(model, evaluations: evaluations, observations) : nil
    return Scorer(integral, evaluations: evaluations, pool)
  }

  private static func formula(
    _ model: Model, evaluations: Int, _ observations: [Observation]
  ) -> LogProbability {
    LogProbability(
      range: model.range, quadrature: model.quadrature(evaluations: evaluations),
      replicates: QuadratureSize(evaluations: evaluations).replicates, noise: model.noise,
      moments: model.moments, control: model.control, observing: observations)
  }

  /// What its estimates look like.
  var form: EstimateForm {
    guard let eyes else { return model.form(evaluations: evaluations) }
    var form = EstimateForm(sigmas: [], shape: eyes.shape, features: eyes.form)
    form.isAligned = model.alignment != nil
    return form
  }

  /// What its estimates are to be judged by.
  var kind: StatisticKind { eyes == nil ? StatisticKind(evaluations: evaluations) : .sight }

  /// Nodes and weights of the integral; none at no evaluations.
  var quadrature: Quadrature { integral?.quadrature ?? Quadrature(sigmas: [], weights: []) }

  /// Scores images.
  ///
  /// - Parameter withMap: whether each estimate says where its bits lie (`SurprisalEstimate.map`).
  public func estimate(_ images: ImageBatch, withMap: Bool = false) throws -> [SurprisalEstimate] {
    if let eyes { return try eyes.features(of: images).map { SurprisalEstimate(features: $0) } }
    guard let integral else { return try look(at: images) }
    let formula = withMap ? integral.observing(integral.observations + [.map]) : integral
    let looks = formula.observations.contains(.look)
    return try pool.map(images.count) { range, networks in
      let some = images[range]
      var estimates = try formula.estimate(some, under: networks.denoiser())
      guard looks else { return estimates }
      for (index, appearance) in try Self.look(at: some, networks).enumerated() {
        estimates[index].appearance = appearance
      }
      return estimates
    }
  }

  /// One look at each image, without a noise level.
  private func look(at images: ImageBatch) throws -> [SurprisalEstimate] {
    try pool.map(images.count) { range, networks in
      try Self.look(at: images[range], networks).map { SurprisalEstimate(appearance: $0) }
    }
  }

  private static func look(at images: ImageBatch, _ networks: NetworkPool.Member) throws -> [Appearance] {
    let scaled = images.scaled
    let activations = try networks.encoder().pooled(scaled)
    let seen = try networks.eyes()?.look(at: scaled)
    let marking = try networks.damageEyes()
    let marked = try marking?.look(at: scaled)
    let form = marking.map { DamageForm(of: $0.network) }
    let width = activations.count / max(images.count, 1)
    return images.indices.map { index in
      Appearance(
        image: images[index], activations: Array(activations[index * width..<(index + 1) * width]),
        eyes: seen.map {
          EyeLook(activations: $0[index].activations, logProbabilities: $0[index].logProbabilities)
        },
        damage: form.flatMap { form in marked.map { DamageLook(form: form, features: $0[index].features) } },
        measures: images.measures(of: index))
    }
  }

  /// Scores images in batches.
  ///
  /// - Parameter progress: told how many of all images are done.
  package func estimate(
    _ images: ImageBatch, progress: (Int, Int) -> Void
  ) throws -> [SurprisalEstimate] {
    try images.parts(of: batch).flatMap { range in
      let some = try estimate(images[range])
      progress(range.upperBound, images.count)
      return some
    }
  }

  /// Runs `body` on images and networks that are its alone meanwhile (`NetworkPool.map`).
  func map<Element: Sendable>(
    _ count: Int, _ body: @Sendable (Range<Int>, NetworkPool.Member) throws -> [Element]
  ) throws -> [Element] { try pool.map(count, body) }

  /// Time of each layer for one pass of 32 images by all threads.
  public func profile(rounds: Int) throws -> [(layer: String, kernel: String, seconds: Double)] {
    try pool.profile(batch: 32, rounds: rounds)
  }
}

import Detection
import Diffusion
import Files
import Foundation
import Images
import ScoreModel
import Tensors

/// Trains a model on images and calibrates it on images held out.
public struct Training {
  public var shape: ImageShape
  public var preset = Architecture.Preset.small
  public var options = TrainingOptions()
  /// Share of the images held out at random, unless `heldOut` names them; nil: a tenth, and of few images as many as an
  /// error rate of 0.01 needs, up to a third.
  public var validationShare: Double?
  /// Images held out; those among the training images that show the same are not trained on.
  public var heldOut: [FilePath] = []
  /// Stop after this long; nil: after `options.steps`.
  public var minutes: Double?
  /// How often the held-out images are scored, and the checkpoint is saved, on the way.
  public var validations = 20
  /// What the reference scores are for: with `.auto`, every stage of its ladder.
  public var budget = EvaluationBudget.standard
  public var reading = ImageReading()
  public var checkpoint: String?
  public var resume: Checkpoint?

  public init(shape: ImageShape) { self.shape = shape }

  /// What happens while training.
  public enum Event {
    case unreadable(path: String, error: String)
    /// Images that show what another shows, exactly or nearly, and how many of them took no part since the other was held
    /// out.
    case copies(exact: Int, near: Int, leftOut: Int)
    case loaded(training: Int, validation: Int, parameters: Int)
    /// Steps were fixed from the pace measured.
    case planned(steps: Int, secondsPerStep: Double)
    case progress(step: Int, of: Int, loss: Float, secondsLeft: Double)
    case validated(step: Int, bitsPerDim: Double, standardError: Double)
    case surveying(done: Int, of: Int)
    case calibrating(done: Int, of: Int)
    case stopped(step: Int)
  }

  /// - Parameters:
  ///   - compute: its precision is that of the scores that validate and calibrate; `options.precision` is training's.
  ///   - shouldStop: asked after each step; true saves the checkpoint and returns nil.
  /// - Throws: `SurprisalError` with too few images, `EngineError`, `ModelFileError`, `CalibrationError`.
  public func run(
    _ paths: [FilePath], compute: Compute = Compute(), shouldStop: () -> Bool = { false },
    report: (Event) -> Void
  ) throws -> Model? {
    if let refusal = shape.refusal { throw SurprisalError.unsuitableSize(reason: refusal) }
    let engine = try compute.engine()
    let (training, validation) = try load(paths, report)
    let architecture = resume?.architecture ?? Architecture(shape: shape, preset: preset)
    guard architecture.shape == shape else { throw SurprisalError.otherCheckpoint(shape) }
    let network = Network(architecture)
    let preconditioning = resume?.preconditioning ?? Preconditioning(images: training)
    report(
      .loaded(
        training: training.count, validation: validation.count,
        parameters: network.parameterSpecs.reduce(0) { $0 + $1.count }))
    let started = ContinuousClock.now
    var options = resume?.options ?? self.options
    if resume == nil, let minutes {
      options.steps = try plan(minutes, network, training, preconditioning, engine, report)
    }
    let trainer = try Trainer(
      network, images: training, options: options, preconditioning: preconditioning, engine: engine,
      resuming: resume?.state)
    let moments = PopulationMoments(images: training)
    func model() throws -> Model {
      Model(
        architecture: architecture, preconditioning: preconditioning, range: NoiseLevelRange(),
        moments: moments,
        noise: CommonNoise(seed: options.seed),
        weights: trainer.averaged)
    }
    func save() throws {
      guard let checkpoint else { return }
      try Checkpoint(
        architecture: architecture, preconditioning: preconditioning, options: options, state: trainer.state
      ).write(to: checkpoint)
    }
    let first = trainer.step
    let every = max(options.steps / max(validations, 1), 1)
    while trainer.step < options.steps {
      let loss = try trainer.advance()
      let spent = (ContinuousClock.now - started) / .seconds(1)
      let left = spent / Double(trainer.step - first) * Double(options.steps - trainer.step)
      report(.progress(step: trainer.step, of: options.steps, loss: loss, secondsLeft: left))
      if shouldStop() {
        try save()
        report(.stopped(step: trainer.step))
        return nil
      }
      if trainer.step % every == 0 || trainer.step == options.steps {
        try save()
        let scorer = try Scorer(
          try model(), evaluations: EvaluationBudget.standardCount, observing: [], compute: compute)
        let some = try scorer.estimate(validation.prefix(256)).map(\.bitsPerDim)
        let mean = some.reduce(0, +) / Double(max(some.count, 1))
        let square = some.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        report(
          .validated(
            step: trainer.step, bitsPerDim: mean,
            standardError: (square / Double(max(some.count * (some.count - 1), 1))).squareRoot()))
      }
    }
    var result = try model()
    result.facts.trainingImages = training.count
    result.learned.add(training, as: .trained)
    result.facts.options = options
    result.facts.onednn = Engine.version
    try result.survey(on: training, compute: compute) { report(.surveying(done: $0, of: $1)) }
    try result.calibrate(
      onDistinct: validation,
      fitting: validation.count < Self.fewHeldOut && budget != .auto ? training.spread(1000) : nil,
      budget: budget, compute: compute
    ) { report(.calibrating(done: $0, of: $1)) }
    return result
  }

  /// Held-out images below which statistics are fitted on training images, and all that were held out are references: a
  /// quarter of so few would leave their covariances unknown, which costs more than that training images are denoised a
  /// little better than others.
  static let fewHeldOut = 1200

  /// As many as an error rate of 0.01 needs.
  static let standardHeldOut = 100

  /// Steps that fit the time, from the pace of a short trial that leaves no trace in the weights.
  private func plan(
    _ minutes: Double, _ network: Network, _ images: ImageBatch, _ preconditioning: Preconditioning,
    _ engine: Engine,
    _ report: (Event) -> Void
  ) throws -> Int {
    let trial = try Trainer(
      network, images: images, options: options, preconditioning: preconditioning, engine: engine)
    for _ in 0..<3 { _ = try trial.advance() }
    let start = ContinuousClock.now
    for _ in 0..<10 { _ = try trial.advance() }
    let pace = (ContinuousClock.now - start) / .seconds(10)
    let steps = max(Int(minutes * 60 / pace), 1)
    report(.planned(steps: steps, secondsPerStep: pace))
    return steps
  }

  /// Reads the images and splits them by groups of copies: no image that is trained on shows what one held out shows, and
  /// of those held out no two show the same.
  private func load(_ paths: [FilePath], _ report: (Event) -> Void) throws -> (ImageBatch, ImageBatch) {
    var all = images(paths, report)
    let count = all.count
    if !heldOut.isEmpty { all.append(contentsOf: images(heldOut, report)) }
    let copies = CopyGroups(of: all)
    let held: Set<Int>
    if heldOut.isEmpty {
      held = try drawn(of: copies)
    } else {
      guard count > 0, all.count > count else {
        throw SurprisalError.noReadableImages(purpose: "train or validate on")
      }
      held = Set(copies.first[count...])
    }
    let training = (0..<count).filter { !held.contains(copies.first[$0]) }
    // The first of a group stands for it, be it among those to train on or those held out.
    let validation = held.sorted()
    guard !training.isEmpty else { throw SurprisalError.noReadableImages(purpose: "train on") }
    if copies.exact + copies.near > 0 {
      report(
        .copies(
          exact: copies.exact, near: copies.near, leftOut: all.count - training.count - validation.count))
    }
    return (all[training], all[validation])
  }

  /// Groups held out at random, by their first images.
  private func drawn(of copies: CopyGroups) throws -> Set<Int> {
    let count = copies.representatives.count
    let held =
      validationShare.map { Int(Double(count) * $0) } ?? max(count / 10, min(Self.standardHeldOut, count / 3))
    guard held >= Calibration.fewest else {
      throw SurprisalError.tooFewImages(
        readable: copies.first.count, distinct: count, held: held, needed: Calibration.fewest)
    }
    var random = RandomSource(seed: options.seed, stream: 0x484F_4C44)
    var chosen: Set<Int> = []
    for index in copies.first.indices.shuffled(using: &random) where chosen.count < held {
      chosen.insert(copies.first[index])
    }
    return chosen
  }

  private func images(_ paths: [FilePath], _ report: (Event) -> Void) -> ImageBatch {
    ImageStream.images(of: paths, shape: shape, reading: reading) {
      report(.unreadable(path: $0, error: $1))
    }
  }
}

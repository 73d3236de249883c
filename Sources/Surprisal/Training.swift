import Detection
import Diffusion
import Foundation
import Images
import ScoreModel
import Tensors

/// Trains a model on images and calibrates it on images held out.
public struct Training {
  public var shape: ImageShape
  public var preset = Architecture.Preset.small
  public var options = TrainingOptions()
  /// Share of the images held out at random, unless `heldOut` names them.
  public var validationShare = 0.1
  public var heldOut: [String] = []
  /// Stop after this long; nil: after `options.steps`.
  public var minutes: Double?
  /// What the reference scores are for: with `.auto`, every stage of its ladder.
  public var budget = EvaluationBudget.fixed(16)
  public var reading = ImageReading()
  public var checkpoint: String?
  public var resume: Checkpoint?

  public init(shape: ImageShape) { self.shape = shape }

  /// What happens while training.
  public enum Event {
    case unreadable(path: String, error: String)
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
  ///   - shouldStop: asked after each step; true saves the checkpoint and returns nil.
  /// - Throws: `UsageError` with too few images, `EngineError`, `ModelFileError`, `CalibrationError`.
  public func run(
    _ paths: [String], engine: Engine, shouldStop: () -> Bool = { false }, report: (Event) -> Void
  ) throws -> Model? {
    if let refusal = shape.refusal { throw UsageError(refusal) }
    let (training, validation) = try load(paths, report)
    let architecture = resume?.architecture ?? Architecture(shape: shape, preset: preset)
    guard architecture.shape == shape else {
      throw UsageError(
        "the checkpoint is of another image size than \(shape.width)x\(shape.height)x\(shape.channels)")
    }
    let network = Network(architecture)
    let preconditioning = resume?.preconditioning ?? Preconditioning(images: training)
    report(
      .loaded(
        training: training.count / shape.count, validation: validation.count / shape.count,
        parameters: network.parameterSpecs.reduce(0) { $0 + $1.count }))
    let started = ContinuousClock.now
    var options = resume?.options ?? self.options
    if resume == nil, let minutes {
      options.steps = try plan(minutes, network, training, preconditioning, engine, report)
    }
    let trainer = try Trainer(
      network, images: training, options: options, preconditioning: preconditioning, engine: engine,
      resuming: resume?.state)
    let moments = PopulationMoments(images: training, valuesPerImage: shape.count)
    func model() throws -> Model {
      let averaged = trainer.averaged
      return Model(
        architecture: architecture, preconditioning: preconditioning, range: NoiseLevelRange(),
        moments: moments,
        noise: NoiseSource(seed: options.seed),
        weights: Dictionary(uniqueKeysWithValues: averaged.specs.map { ($0.name, averaged.read($0)) }))
    }
    func save() throws {
      guard let checkpoint else { return }
      try Checkpoint(
        architecture: architecture, preconditioning: preconditioning, options: options, state: trainer.state
      ).write(to: checkpoint)
    }
    let first = trainer.step
    let every = max(options.steps / 20, 1)
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
        let scorer = try Scorer(try model(), evaluations: 16, engine: engine)
        let some = try scorer.estimate(Array(validation.prefix(256 * shape.count))).map(\.bitsPerDim)
        let mean = some.reduce(0, +) / Double(max(some.count, 1))
        let square = some.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        report(
          .validated(
            step: trainer.step, bitsPerDim: mean,
            standardError: (square / Double(max(some.count * (some.count - 1), 1))).squareRoot()))
      }
    }
    var result = try model()
    result.facts.trainingImages = training.count / shape.count
    result.facts.options = options
    result.facts.onednn = Engine.version
    try result.survey(on: training, engine: engine) { report(.surveying(done: $0, of: $1)) }
    try result.calibrate(on: validation, budget: budget, engine: engine) {
      report(.calibrating(done: $0, of: $1))
    }
    return result
  }

  /// Steps that fit the time, from the pace of a short trial that leaves no trace in the weights.
  private func plan(
    _ minutes: Double, _ network: Network, _ images: [UInt8], _ preconditioning: Preconditioning,
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

  private func load(_ paths: [String], _ report: (Event) -> Void) throws -> ([UInt8], [UInt8]) {
    var training = pixels(paths, report)
    let count = training.count / shape.count
    guard heldOut.isEmpty else {
      let validation = pixels(heldOut, report)
      guard count > 0, !validation.isEmpty else {
        throw UsageError("no readable images to train or validate on")
      }
      return (training, validation)
    }
    let held = Int(Double(count) * validationShare)
    guard held >= 9 else {
      throw UsageError(
        "\(count) readable images with a validation share of \(validationShare) leave \(held) to calibrate with: at least 9 are needed"
      )
    }
    var random = RandomSource(seed: options.seed, stream: 0x484F_4C44)
    let order = Array(0..<count).shuffled(using: &random)
    let gather = { (indices: [Int]) in
      indices.sorted().flatMap { training[$0 * self.shape.count..<($0 + 1) * self.shape.count] }
    }
    let validation = gather(Array(order[..<held]))
    training = gather(Array(order[held...]))
    return (training, validation)
  }

  private func pixels(_ paths: [String], _ report: (Event) -> Void) -> [UInt8] {
    ImageStream.pixels(of: paths, shape: shape, reading: reading) {
      report(.unreadable(path: $0, error: $1))
    }
  }
}

extension Model {
  /// Images that climb the whole ladder when calibrating for `auto`.
  static let ladderImages = 1200

  /// Sets the reference scores for a budget from images known to belong, `[N, d]`.
  ///
  /// For `.auto` that is 16 evaluations on all images, then every stage on the first 1200.
  /// - Throws: `CalibrationError` with too few, `EngineError`.
  public mutating func calibrate(
    on images: [UInt8], budget: EvaluationBudget, engine: Engine,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws {
    let evaluations: Int
    if case .fixed(let count) = budget { evaluations = count } else { evaluations = 16 }
    let scorer = try Scorer(self, evaluations: evaluations, engine: engine)
    let estimates = try Self.estimates(images, scorer, progress)
    calibrations.removeAll { $0.evaluations == evaluations }
    calibrations.append(try Calibration(evaluations: evaluations, estimates: estimates))
    facts.generatedReferences?.removeAll { $0 == evaluations }
    facts.validationImages = estimates.count
    facts.validationBitsPerDim =
      estimates.reduce(0) { $0 + $1.bitsPerDim } / Double(max(estimates.count, 1))
    guard budget == .auto else { return }
    let first = Array(images.prefix(Self.ladderImages * shape.count))
    calibrations.removeAll { EvaluationBudget.ladder.contains($0.evaluations) && $0.evaluations != 16 }
    var fitting: [StatisticName: [[Double]]] = [:]
    var references: [StatisticName: [[Double]]] = [:]
    for stage in EvaluationBudget.ladder {
      let some =
        stage == 16
        ? Array(estimates.prefix(Self.ladderImages))
        : try Self.estimates(first, scorer.with(evaluations: stage), progress)
      if stage != 16 { calibrations.append(try Calibration(evaluations: stage, estimates: some)) }
      let statistics = try calibration(evaluations: stage)
      for statistic in StatisticName.allCases {
        // Rounded as a file keeps them.
        let scores = some.map { Double(Float(statistics.score($0, by: statistic))) }
        let fits = scores.indices.filter { Calibration.fits($0) }.map { scores[$0] }
        let held = scores.indices.filter { !Calibration.fits($0) }.map { scores[$0] }
        let append = { (ladders: [[Double]]?, scores: [Double]) in
          ladders.map { zip($0, scores).map { $0 + [$1] } } ?? scores.map { [$0] }
        }
        fitting[statistic] = append(fitting[statistic], fits)
        references[statistic] = append(references[statistic], held)
      }
    }
    adaptive = AdaptiveCalibration(
      evaluations: EvaluationBudget.ladder, fitting: fitting, references: references)
  }

  private static func estimates(
    _ images: [UInt8], _ scorer: Scorer, _ progress: (Int, Int) -> Void
  ) throws -> [SurprisalEstimate] {
    let d = scorer.model.shape.count
    let count = images.count / d
    var estimates = [SurprisalEstimate]()
    for start in stride(from: 0, to: count, by: Scorer.batch) {
      let end = min(start + Scorer.batch, count)
      estimates += try scorer.estimate(Array(images[start * d..<end * d]))
      progress(end, count)
    }
    return estimates
  }

  /// How the scores of samples compare with those of the real references that the model held.
  public struct SampleComparison: Sendable {
    public let statistic: StatisticName
    public let test: TwoSample
  }

  /// Sets the reference scores from the model's own samples, unless their scores differ from real ones.
  ///
  /// Samples are scored by the statistics fitted on real images and compared with the real references, statistic by
  /// statistic; one p-value below 0.01 over their number (Bonferroni) refuses. Samples may score far from real
  /// images (MATH, "What the curve tells"), and thresholds from such would be wrong without a sign.
  ///
  /// - Parameters:
  ///   - noise: s of the reverse family.
  ///   - insists: calibrates although the samples differ.
  /// - Returns: the comparisons; empty where the model held no real references.
  /// - Throws: `UsageError` with the figures when refused; `CalibrationError`, `EngineError`.
  public mutating func calibrate(
    onSamples count: Int, noise: Double, steps: Int, seed: UInt64, evaluations: Int, insists: Bool,
    engine: Engine, progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> [SampleComparison] {
    let scorer = try Scorer(self, evaluations: evaluations, engine: engine)
    var images: [UInt8] = []
    // In parts, each with a seed of its own: memory holds one part's noise.
    for (part, start) in stride(from: 0, to: count, by: 256).enumerated() {
      images += try scorer.sample(
        min(256, count - start), noise: noise, steps: steps, seed: seed &+ UInt64(part) &* 0x9E37_79B9)
      progress(min(start + 256, count), count)
    }
    let estimates = try Self.estimates(images, scorer, progress)
    let isReal = !(facts.generatedReferences ?? []).contains(evaluations)
    var comparisons: [SampleComparison] = []
    if isReal, let real = calibrations.first(where: { $0.evaluations == evaluations }) {
      comparisons = StatisticName.allCases.map { statistic in
        SampleComparison(
          statistic: statistic,
          test: TwoSample(
            estimates.map { real.score($0, by: statistic) }, real.references[statistic]?.sorted ?? []))
      }
      let limit = 0.01 / Double(comparisons.count)
      if !insists, comparisons.contains(where: { $0.test.pValue < limit }) {
        let figures = comparisons.map {
          String(
            format: "%@: distance %.3f, p-value %.2g", $0.statistic.rawValue as NSString, $0.test.distance,
            $0.test.pValue)
        }
        throw UsageError(
          "the samples' scores differ from the real references' (\(figures.joined(separator: "; "))): "
            + "calibrate on real images, or insist with --force")
      }
    }
    let calibration = try Calibration(evaluations: evaluations, estimates: estimates)
    calibrations.removeAll { $0.evaluations == evaluations }
    calibrations.append(calibration)
    adaptive = nil
    facts.generatedReferences = Array(Set((facts.generatedReferences ?? []) + [evaluations])).sorted()
    return comparisons
  }

  /// Reads every image of `paths` at the model's size and calibrates on them.
  public mutating func calibrate(
    on paths: [String], reading: ImageReading = ImageReading(), budget: EvaluationBudget, engine: Engine,
    unreadable: (String, String) -> Void,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws {
    let pixels = ImageStream.pixels(of: paths, shape: shape, reading: reading, unreadable: unreadable)
    try calibrate(on: pixels, budget: budget, engine: engine, progress: progress)
  }
}

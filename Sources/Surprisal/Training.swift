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
  /// Whether images that are all gray make a network of gray images, where `shape` is one of colours.
  public var takesFewestChannels = false
  /// How the thing that images show is brought to where others lie; nil to take images whole.
  public var alignment: Alignment?
  public var preset = Architecture.Preset.small
  public var options = TrainingOptions()
  /// Share of the images held out at random, unless `heldOut` names them; nil: a tenth, and of few images as many as an
  /// error rate of 0.01 needs, up to a third.
  public var validationShare: Double?
  /// Images held out; those among the training images that show the same are not trained on.
  public var heldOut: [FilePath] = []
  /// Train about this long, validations among it, at most a year: as many steps as fit at the pace measured. Nil:
  /// `options.steps`.
  public var minutes: Double?
  /// Resolutions of the network; nil for those of `start`, or three. More than `start` has begin as nothing.
  public var levels: Int?
  /// Heads of self-attention at the lowest resolution, 0 for none; nil for those of `start`, or none.
  public var attention: Int?
  /// Whose network to start from, with its preconditioning; nil for random weights. What population it knows does not matter.
  /// Not with `resume`, which knows its weights.
  public var start: Model?
  /// How often the checkpoint is saved on the way, and held-out images are scored: these so often, and so many of them, as a
  /// tenth of training's arithmetic pays for.
  public var validations = 20
  /// Validations in a row that may bring nothing beyond chance before training stops, with the weights of the lowest where the
  /// latest are worse. Nil: every step is taken, and the latest weights it is.
  public var patience: Int? = Self.standardPatience
  public static let standardPatience = 5
  /// What the reference scores are for: with `.auto`, every stage of its ladder; with `.chosen`, as few evaluations as do.
  public var budget = EvaluationBudget.standard
  public var reading = ImageReading()
  /// Whether the model also learns to tell its images from altered ones.
  public var eyes = LessonBudget.auto
  /// To learn to mark damage, in steps of `DamageLesson.batch` images.
  public var damage = LessonBudget.auto
  /// Held-out images that the model keeps, to show beside what it finds odd.
  public var examples = Model.standardExamples
  /// Whether a review is made at the end (`Event.reviewed`), for some thousand evaluations.
  public var reviews = false
  /// Where the checkpoint is kept; nil for none.
  public var checkpoint: String?
  /// What to go on from: of the same settings and images, or `run` refuses it (`init(resuming:)` takes them over).
  public var resume: Checkpoint?
  /// Seconds since some moment, never backwards.
  package var clock: () -> Double = Self.monotonicSeconds

  public init(shape: ImageShape) { self.shape = shape }

  /// - Parameters:
  ///   - paths: images; none where `resume` knows them.
  ///   - compute: its precision is that of the scores that validate and calibrate; `options.precision` is training's.
  ///   - shouldStop: asked after each step; true saves the checkpoint and returns nil.
  /// - Throws: `SurprisalError` with settings that cannot work or are not the checkpoint's, with too few images, or when the
  ///   loss runs away; `EngineError`, `ModelFileError`, `CalibrationError`.
  public func run(
    _ paths: [FilePath] = [], compute: Compute = Compute(), shouldStop: () -> Bool = { false },
    report: (Event) -> Void
  ) throws -> Model? {
    try validate()
    let paths = paths.isEmpty ? resume?.run?.paths ?? [] : paths
    if paths.isEmpty, resume != nil { throw SurprisalError.checkpointWithoutPaths }
    var settled = self
    let images = try settled.load(paths, report)
    return try settled.run(on: images, of: paths, compute, shouldStop, report)
  }

  private func run(
    on images: TrainingImages, of paths: [FilePath], _ compute: Compute, _ shouldStop: () -> Bool,
    _ report: (Event) -> Void
  ) throws -> Model? {
    let engine = try compute.engine()
    let (training, validation) = (images.training, images.validation)
    let run = try run(over: paths, training, validation)
    let network = Network(architecture)
    // A checkpoint knows what it began from.
    let start =
      try resume.map { resume in resume.start.map(network.weights) }
      ?? start?.weights(deepenedTo: architecture, seed: options.seed)
    let preconditioning =
      resume?.preconditioning ?? self.start?.preconditioning ?? Preconditioning(images: training)
    report(
      .loaded(
        training: training.count, validation: validation.count,
        parameters: network.parameterSpecs.reduce(0) { $0 + $1.count }))
    var options = resume?.options ?? options
    if resume == nil, let minutes {
      options.steps = try plan(minutes, network, training, preconditioning, engine, start, report)
    }
    let trainer = try Trainer(
      network, images: training, options: options, preconditioning: preconditioning, engine: engine,
      startingFrom: start, resuming: resume?.state)
    let plan = ValidationPlan(
      steps: options.steps, batch: options.batch, validations: run.validations, heldOut: validation.count,
      scoresStart: start != nil || resume?.watch.start != nil)
    var loop = try TrainingLoop(
      trainer: trainer, moments: PopulationMoments(images: training),
      validator: Validator(validation, plan: plan, compute: compute), plan: plan, start: start,
      checkpoint: checkpoint,
      clock: clock, run: run, resuming: resume)
    if resume != nil {
      report(.resumed(step: trainer.step, of: options.steps, secondsSpent: run.secondsSpent))
    } else if start != nil {
      try loop.scoreStart()
    }
    report(loop.goal)
    guard try loop.finish(shouldStop: shouldStop, report: report) else { return nil }
    var learned = loop.model(report: report)
    learned.facts.onednn = Engine.version
    try learned.survey(on: training, compute: compute) { report(.surveying(done: $0, of: $1)) }
    if let start {
      try learned.chooseLook(beside: start, images, compute) {
        report(.triedLook(trained: $0, begun: $1, isKept: $2))
      }
    }
    let lesson = EyeLesson(eyes, options)
    if lesson.steps > 0 {
      try loop.save()
      guard
        try learned.learnEyes(
          lesson, from: training, heldOut: validation,
          evaluations: budget.count ?? EvaluationBudget.standardCount,
          compute: compute, shouldStop: shouldStop, report: report)
      else {
        report(.stopped(step: trainer.step))
        return nil
      }
    }
    let marking = DamageLesson(damage, options, architecture)
    if marking.steps != 0, damage != .auto || validation.count >= Examination.fewest {
      try loop.save()
      guard
        try learned.learnDamage(
          marking, from: training, heldOut: validation, compute, shouldStop: shouldStop, report: report)
      else {
        report(.stopped(step: trainer.step))
        return nil
      }
    }
    return try fit(learned, loop, start: start, images, compute, report)
  }

  /// What is learned becomes a model: with statistics and references.
  private func fit(
    _ learned: Model, _ loop: TrainingLoop, start: FrozenWeights?, _ images: TrainingImages,
    _ compute: Compute, _ report: (Event) -> Void
  ) throws -> Model {
    let (training, validation) = (images.training, images.validation)
    var result = learned
    result.alignment = alignment
    result.facts.trainingImages = training.count
    result.learned.add(training, as: .trained)
    result.facts.options = loop.trainer.options
    result.examples = Examples(examples, of: validation)
    func isApart(_ budget: EvaluationBudget) -> Bool {
      validation.count < Self.fewHeldOut && budget != .auto
    }
    func calibrate(_ budget: EvaluationBudget) throws -> Calibrated {
      if isApart(budget), let few = images.few {
        let (estimates, scores) = try result.calibrate(onFew: few, budget, compute: compute) {
          report(.calibrating(done: $0, of: $1))
        }
        return Calibrated(few, estimates, scores)
      }
      let estimates = try result.calibrate(
        onDistinct: validation, fitting: isApart(budget) ? training.spread(Self.mostFitted) : nil,
        budget: budget,
        compute: compute
      ) { report(.calibrating(done: $0, of: $1)) }
      return Calibrated(estimates)
    }
    var settled = self
    settled.budget = try result.settle(
      budget, on: validation, fitting: isApart(budget) ? training.spread(Self.mostTriedWith) : nil,
      compute: compute
    ) { report(.chose($0)) }
    let calibrated = try calibrate(settled.budget)
    _ = try calibrate(.look)
    var gained: Review.Gain?
    if let start {
      let (before, after, difference) = try settled.gain(
        over: start, result, validation, calibrated.estimates, compute)
      let error = difference.standardError
      report(.gained(before: before, after: after, standardError: error, pValue: difference.pValue))
      gained = Review.Gain(before: before, after: after, standardError: error)
    }
    if reviews {
      report(
        .reviewed(
          try settled.review(
            result, loop, training, validation, calibrated, isApart: isApart(settled.budget), gain: gained,
            compute)))
    }
    return result
  }

  /// Held-out images below which statistics are fitted on training images, and all that were held out are references: a
  /// quarter of so few would leave their covariances unknown, which costs more than that training images are denoised a
  /// little better than others.
  static let fewHeldOut = 1200
  /// Training images that fit statistics then. Of fewer all do, and those that were held out with them (`TrainingImages.few`).
  static let mostFitted = 1000
  /// Of these, those that fit the statistics by which evaluations are chosen: they are looked at twice.
  private static let mostTriedWith = 400

  /// Of the network that is trained.
  public var architecture: Architecture {
    if let resume { return resume.architecture }
    let base = start?.architecture.reshaped(shape) ?? Architecture(shape: shape, preset: preset)
    return base.with(levels: levels, attention: attention)
  }

  /// What training brought, by the formula that scores are by: the trained network's bits are those of all held-out
  /// images; the other network's are these and the mean difference of some, paired, which is far more exact than its own
  /// mean over as many would be.
  ///
  /// - Parameter after: of `validation`, image by image.
  private func gain(
    over start: FrozenWeights, _ trained: Model, _ validation: ImageBatch, _ after: [SurprisalEstimate],
    _ compute: Compute
  ) throws -> (before: Double, after: Double, PairedDifference) {
    let before = trained.under(trained.architecture, trained.preconditioning, start)
    let some = validation.places(spread: Self.paired)
    let scorer = try Scorer(
      before, evaluations: budget.count ?? EvaluationBudget.standardCount, observing: [], compute: compute)
    let known = try scorer.estimate(validation[some]).map(\.bitsPerDim)
    let difference = PairedDifference(known, some.map { after[$0].bitsPerDim })
    let bits = trained.facts.validationBitsPerDim
    return (bits + difference.mean, bits, difference)
  }

  /// Images that both networks score for it.
  private static let paired = 128

  /// As many as an error rate of 0.01 needs.
  static let standardHeldOut = 100
  /// Side that images are taken at unless told otherwise: at twice as much a training of minutes sees a quarter as many.
  public static let largestSide = 64

  /// Steps that fit the time, from the pace of a short trial that leaves no trace in the weights.
  private func plan(
    _ minutes: Double, _ network: Network, _ images: ImageBatch, _ preconditioning: Preconditioning,
    _ engine: Engine, _ start: FrozenWeights?, _ report: (Event) -> Void
  ) throws -> Int {
    let trial = try Trainer(
      network, images: images, options: options, preconditioning: preconditioning, engine: engine,
      startingFrom: start)
    for _ in 0..<3 { _ = try trial.advance() }
    let start = clock()
    for _ in 0..<10 { _ = try trial.advance() }
    let pace = (clock() - start) / 10
    // Validations take their share of the time, and so do the eyes and damage.
    let all =
      pace
      * (1 + ValidationPlan.share + EyeLesson.shareOfTime(eyes) + DamageLesson.shareOfTime(damage, shape))
    let steps = Int(min(max(minutes * 60 / all, 1), Double(TrainingOptions.mostSteps)))
    report(.planned(steps: steps, secondsPerStep: pace))
    return steps
  }

  /// Reads the images, settles their channels, and splits them by groups of copies: no image that is trained on shows what one held out
  /// shows, and of those held out no two show the same.
  private mutating func load(_ paths: [FilePath], _ report: (Event) -> Void) throws -> TrainingImages {
    var all = images(paths, report)
    let count = all.count
    if !heldOut.isEmpty { all.append(contentsOf: images(heldOut, report)) }
    if takesFewestChannels, !all.isEmpty {
      all = all.inFewestChannels
      if all.shape != shape { report(.tookGray) }
      shape = all.shape
    }
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
    return TrainingImages(all, copies, training: training, validation: validation)
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
    var reading = reading
    reading.decoder.takesMeasures = true
    reading.decoder.alignment = alignment
    return ImageStream.images(of: paths, shape: shape, reading: reading) {
      report(.unreadable(path: $0, error: $1))
    }
  }
}

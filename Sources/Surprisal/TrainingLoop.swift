import Diffusion
import Images
import ScoreModel
import Tensors

/// The way of one training from the step it stands at to its last: timed, watched, validated and saved.
struct TrainingLoop {
  let trainer: Trainer
  let moments: PopulationMoments
  let validator: Validator
  let plan: ValidationPlan
  /// What the network began from, where that was another's.
  let start: FrozenWeights?
  let checkpoint: String?
  let clock: () -> Double
  /// What the checkpoint says of the run; its time grows with every step, validations among it.
  private(set) var run: Checkpoint.Run
  private(set) var watch: HeldOutWatch
  private var hasSaved = false

  /// - Parameter resume: what is gone on from.
  /// - Throws: `SurprisalError.contradictsCheckpoint` where it was validated on other images.
  init(
    trainer: Trainer, moments: PopulationMoments, validator: Validator, plan: ValidationPlan,
    start: FrozenWeights?, checkpoint: String?, clock: @escaping () -> Double, run: Checkpoint.Run,
    resuming resume: Checkpoint?
  ) throws(SurprisalError) {
    self.trainer = trainer
    self.moments = moments
    self.validator = validator
    self.plan = plan
    self.start = start
    self.checkpoint = checkpoint
    self.clock = clock
    self.run = run
    watch = HeldOutWatch(resume?.watch ?? Checkpoint.Watch(), best: resume?.best, patience: run.patience)
    if let known = resume?.watch.images, known != validator.count {
      throw .contradictsCheckpoint(
        option: "images validated on", checkpoint: "\(known)", given: "\(validator.count)")
    }
  }

  /// Scores the network that is started from, before the first step.
  mutating func scoreStart() throws { watch.start(try validator.bits(under: model(trainer.averaged))) }

  /// What validations are to fall below.
  var goal: Training.Event {
    let start = watch.said.start
    return .goal(
      bitsPerDim: start?.bitsPerDim ?? Self.bitsOfKnowingNothing, isOfStart: start != nil,
      images: validator.count)
  }

  private static let bitsOfKnowingNothing = 8.0

  /// Takes the steps that are left, or fewer where held-out images say that they bring nothing more.
  ///
  /// - Returns: whether it is done; false where `shouldStop` said so, with the checkpoint saved.
  /// - Throws: `SurprisalError.diverged`, with the checkpoint as it was before; `EngineError`, `ModelFileError`.
  mutating func finish(shouldStop: () -> Bool, report: (Training.Event) -> Void) throws -> Bool {
    let steps = trainer.options.steps
    let (first, before) = (trainer.step, run.secondsSpent)
    var last = clock()
    while trainer.step < steps, !watch.isOver {
      let loss = try trainer.advance()
      if trainer.hasDiverged { throw divergence(loss) }
      let isValidated = plan.isValidated(trainer.step)
      if isValidated { try validate(loss) }
      let now = clock()
      run.secondsSpent += now - last
      last = now
      if plan.isPlace(trainer.step) { try save() }
      if isValidated, let point = watch.said.points.last {
        report(.validated(step: point.step, bitsPerDim: point.bitsPerDim, standardError: point.standardError))
      }
      let pace = (run.secondsSpent - before) / Double(trainer.step - first)
      report(
        .progress(
          step: trainer.step, of: steps, loss: loss, secondsLeft: pace * Double(steps - trainer.step)))
      if shouldStop() {
        try save()
        report(.stopped(step: trainer.step))
        return false
      }
    }
    if trainer.step < steps, let mark = watch.said.mark, let patience = watch.patience {
      report(.stoppedEarly(step: trainer.step, of: steps, mark: mark.step, patience: patience))
    }
    return true
  }

  /// The network of the weights chosen, without a survey.
  func model(report: (Training.Event) -> Void) -> Model {
    guard let better = watch.better else { return model(trainer.averaged) }
    report(
      .choseEarlier(
        step: better.step, than: trainer.step, difference: better.difference.mean,
        standardError: better.difference.standardError))
    return model(trainer.weights(better.weights))
  }

  private func model(_ weights: FrozenWeights) -> Model {
    Model(
      architecture: trainer.network.architecture, preconditioning: trainer.preconditioning,
      range: NoiseLevelRange(), moments: moments, noise: CommonNoise(seed: trainer.options.seed),
      weights: weights)
  }

  /// Keeps the checkpoint as it is now, where one is kept.
  mutating func save() throws {
    guard let checkpoint else { return }
    let state = trainer.state
    // What could not be read again must not take the place of what can.
    guard state.refusal == nil else { throw divergence(.nan) }
    try Checkpoint(
      architecture: trainer.network.architecture, preconditioning: trainer.preconditioning,
      options: trainer.options, state: state, run: run, watch: watch.said, best: watch.best,
      start: start?.thawed.withValues { Array($0) }
    ).write(to: checkpoint)
    hasSaved = true
  }

  private mutating func validate(_ loss: Float) throws {
    let bits = try validator.bits(under: model(trainer.averaged))
    guard bits.allSatisfy({ abs($0) < Self.mostBits }) else { throw divergence(loss) }
    watch.take(bits, at: trainer.step, weights: trainer.average)
  }

  /// Bits/dim beyond which no image lies: what a checkpoint would refuse.
  private static let mostBits = 1e6

  private func divergence(_ loss: Float) -> SurprisalError {
    .diverged(step: trainer.step, loss: loss, checkpoint: hasSaved ? checkpoint : nil)
  }
}

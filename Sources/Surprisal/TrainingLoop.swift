import Diffusion
import Images
import ScoreModel

/// The way of one training from the step it stands at to its last: timed, watched, validated and saved.
struct TrainingLoop {
  let trainer: Trainer
  let moments: PopulationMoments
  let validation: ImageBatch
  let compute: Compute
  let checkpoint: String?
  let clock: () -> Double
  /// What the checkpoint says of the run; its time grows with every step.
  var run: Checkpoint.Run
  private var hasSaved = false

  init(
    trainer: Trainer, moments: PopulationMoments, validation: ImageBatch, compute: Compute,
    checkpoint: String?, clock: @escaping () -> Double, run: Checkpoint.Run
  ) {
    self.trainer = trainer
    self.moments = moments
    self.validation = validation
    self.compute = compute
    self.checkpoint = checkpoint
    self.clock = clock
    self.run = run
  }

  /// Takes the steps that are left.
  ///
  /// - Returns: whether all were; false where `shouldStop` said so, with the checkpoint saved.
  /// - Throws: `SurprisalError.diverged`, with the checkpoint as it was before; `EngineError`, `ModelFileError`.
  mutating func finish(shouldStop: () -> Bool, report: (Training.Event) -> Void) throws -> Bool {
    let steps = trainer.options.steps
    let every = max(steps / run.validations, 1)
    let (first, before) = (trainer.step, run.secondsSpent)
    var last = clock()
    while trainer.step < steps {
      let loss = try trainer.advance()
      let now = clock()
      run.secondsSpent += now - last
      last = now
      if trainer.hasDiverged { throw divergence(loss) }
      let pace = (run.secondsSpent - before) / Double(trainer.step - first)
      report(
        .progress(
          step: trainer.step, of: steps, loss: loss, secondsLeft: pace * Double(steps - trainer.step)))
      if shouldStop() {
        try save()
        report(.stopped(step: trainer.step))
        return false
      }
      if trainer.step % every == 0 || trainer.step == steps {
        try save()
        let (bits, error) = try validate()
        guard bits.isFinite else { throw divergence(loss) }
        report(.validated(step: trainer.step, bitsPerDim: bits, standardError: error))
      }
    }
    return true
  }

  /// The averaged network as it is now, without a survey.
  func model() -> Model {
    Model(
      architecture: trainer.network.architecture, preconditioning: trainer.preconditioning,
      range: NoiseLevelRange(), moments: moments, noise: CommonNoise(seed: trainer.options.seed),
      weights: trainer.averaged)
  }

  private mutating func save() throws {
    guard let checkpoint else { return }
    let state = trainer.state
    // What could not be read again must not take the place of what can.
    guard state.refusal == nil else { throw divergence(.nan) }
    try Checkpoint(
      architecture: trainer.network.architecture, preconditioning: trainer.preconditioning,
      options: trainer.options, state: state, run: run
    ).write(to: checkpoint)
    hasSaved = true
  }

  /// Bits/dim of the images held out, of 256 at most.
  func bits() throws -> [Double] {
    let scorer = try Scorer(
      model(), evaluations: EvaluationBudget.standardCount, observing: [], compute: compute)
    return try scorer.estimate(validation.prefix(256)).map(\.bitsPerDim)
  }

  /// Their mean, and its standard error.
  private func validate() throws -> (bits: Double, standardError: Double) {
    let some = try bits()
    let mean = some.reduce(0, +) / Double(max(some.count, 1))
    let square = some.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, (square / Double(max(some.count * (some.count - 1), 1))).squareRoot())
  }

  private func divergence(_ loss: Float) -> SurprisalError {
    .diverged(step: trainer.step, loss: loss, checkpoint: hasSaved ? checkpoint : nil)
  }
}

internal import Crypto
import Files
import Foundation
import Images
import ScoreModel
import Tensors

extension Training {
  /// Checks the settings alone: nothing is read and nothing computed.
  /// - Throws: `SurprisalError.unsuitableSize` and `.unsuitableOption` where nothing could be learned,
  ///   `.contradictsCheckpoint` where `resume` has other settings.
  public func validate() throws(SurprisalError) {
    if let resume { try refuseContradictions(to: resume) }
    if resume == nil, let refusal = architecture.refusal { throw .unsuitableSize(reason: refusal) }
    if resume != nil, start != nil {
      throw .unsuitableOption(reason: "a checkpoint has weights of its own: no other network to start from")
    }
    if let refusal = options.refusal ?? ownRefusal { throw .unsuitableOption(reason: refusal) }
  }

  private var ownRefusal: String? {
    guard Precision.supported.contains(options.precision) else {
      return "precision \(options.precision.rawValue): this processor has no bfloat16 arithmetic"
    }
    if let validationShare, !(validationShare > 0 && validationShare < 1) {
      return "validation share \(validationShare): must lie between 0 and 1"
    }
    if let minutes, !(minutes > 0 && minutes <= Self.mostMinutes) {
      return "minutes \(minutes): must be above 0 and at most \(Int(Self.mostMinutes))"
    }
    guard (1...TrainingOptions.mostSteps).contains(validations) else {
      return "validations \(validations): must be at least 1"
    }
    if let patience, !(1...TrainingOptions.mostSteps).contains(patience) {
      return "patience \(patience): must be at least 1"
    }
    if case .steps(let steps) = eyes, !(1...TrainingOptions.mostSteps).contains(steps) {
      return "eyes \(steps): must be at least 1 step, or none"
    }
    if case .steps(let steps) = damage {
      guard (1...TrainingOptions.mostSteps).contains(steps) else {
        return "damage \(steps): must be at least 1 step, or none"
      }
      if !Damage.takes(shape) { return DamageLesson.sizes }
    }
    guard let count = budget.count, !(1...4096).contains(count) else { return nil }
    return "evaluations \(count): must be from 1 to 4096"
  }

  /// A year.
  private static let mostMinutes: Double = 365 * 24 * 60

  static func monotonicSeconds() -> Double { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }
}

// MARK: Going on from a checkpoint

extension Training {
  /// Goes on from a checkpoint with its settings: `run` needs no paths where the checkpoint knows them.
  ///
  /// How images are read (`reading`) is not among them. A checkpoint that another program wrote leaves the validation share
  /// and what follows it as they are.
  public init(resuming checkpoint: Checkpoint) {
    let architecture = checkpoint.architecture
    self.init(shape: architecture.shape)
    resume = checkpoint
    options = checkpoint.options
    preset =
      Architecture.Preset.allCases.first {
        Architecture(shape: architecture.shape, preset: $0)
          .with(levels: architecture.levels, attention: architecture.attention) == architecture
      } ?? preset
    levels = architecture.levels
    attention = architecture.attention
    guard let run = checkpoint.run else { return }
    heldOut = run.heldOut
    validationShare = run.validationShare
    validations = run.validations
    minutes = run.minutes
    budget = run.evaluations.map { $0 == 0 ? .chosen : .fixed($0) } ?? .auto
    patience = run.patience
    eyes = LessonBudget(kept: run.eyes)
    damage = LessonBudget(kept: run.damage)
    alignment = run.alignment
  }

  /// Settings as a person reads them, each with the name it is known by; nil where it says nothing.
  private static let settings: [(option: String, value: @Sendable (Training) -> String?)] = [
    ("size", { "\($0.shape.width)x\($0.shape.height)" }),
    ("channels", { $0.shape.channels == 1 ? "gray" : "rgb" }),
    ("preset", { $0.preset.rawValue }),
    ("levels", { $0.levels.map { "\($0)" } }), ("attention", { $0.attention.map { "\($0)" } }),
    ("minutes", { $0.minutes.map { "\($0)" } }),
    ("steps", { $0.minutes == nil ? "\($0.options.steps)" : nil }),
    ("batch", { "\($0.options.batch)" }),
    ("learning rate", { "\($0.options.learningRate)" }),
    ("warm-up", { "\($0.options.warmup)" }),
    ("weight decay", { "\($0.options.weightDecay)" }),
    ("averaging", { "\($0.options.averaging)" }),
    ("clip", { "\($0.options.clip)" }),
    ("flips", { "\($0.options.flips)" }),
    ("seed", { "\($0.options.seed)" }),
    ("precision", { $0.options.precision.rawValue }),
    ("held-out images", { $0.heldOut.isEmpty ? "none" : "some" }),
    ("validation share", { $0.heldOut.isEmpty ? $0.validationShare.map { "\($0)" } ?? "automatic" : nil }),
    ("evaluations", { "\($0.budget)" }), ("patience", { $0.patience.map { "\($0)" } ?? "none" }),
    ("eyes", { "\($0.eyes)" }), ("damage", { "\($0.damage)" }),
    ("align", { $0.alignment?.kind.rawValue ?? "none" }),
  ]

  /// Those that a checkpoint without a run does not know.
  private static let settingsOfRun: Set<String> = [
    "minutes", "held-out images", "validation share", "evaluations", "patience", "eyes",
    "damage", "align",
  ]

  private func refuseContradictions(to checkpoint: Checkpoint) throws(SurprisalError) {
    let original = Training(resuming: checkpoint)
    var planned = original
    // Steps stand for themselves, whether they were asked for or planned.
    planned.minutes = nil
    for (option, value) in Self.settings
    where checkpoint.run != nil || !Self.settingsOfRun.contains(option) {
      guard let given = value(self) else { continue }
      let kept = (option == "steps" ? value(planned) : value(original)) ?? "none"
      if given != kept { throw .contradictsCheckpoint(option: option, checkpoint: kept, given: given) }
    }
  }

  /// What the checkpoint is to say of this run.
  /// - Throws: `SurprisalError.contradictsCheckpoint` where these are not the images of the run gone on from.
  func run(
    over paths: [FilePath], _ training: ImageBatch, _ validation: ImageBatch
  ) throws(SurprisalError) -> Checkpoint.Run {
    var run = Checkpoint.Run(
      paths: paths, heldOut: heldOut, training: Self.contents(training),
      validation: Self.contents(validation),
      validationShare: validationShare, validations: validations, minutes: minutes,
      evaluations: budget == .chosen ? 0 : budget.count, patience: patience, eyes: eyes.kept,
      damage: damage.kept, alignment: alignment)
    guard let known = resume?.run else { return run }
    for (name, found, kept) in [
      ("images to train on", run.training, known.training),
      ("held-out images", run.validation, known.validation),
    ] where found != kept {
      throw .contradictsCheckpoint(option: name, checkpoint: "\(kept)", given: "\(found)")
    }
    run.minutes = known.minutes
    run.secondsSpent = known.secondsSpent
    return run
  }

  private static func contents(_ images: ImageBatch) -> Checkpoint.Contents {
    let digest = SHA256.hash(data: images.pixels).hexadecimal
    return Checkpoint.Contents(count: images.count, digest: digest)
  }
}

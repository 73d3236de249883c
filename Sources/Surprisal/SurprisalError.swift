import Images

/// Something asked for that cannot be, in words that say what can.
public enum SurprisalError: Error, Sendable, CustomStringConvertible {
  /// No model of this name in any of the folders.
  case noModel(name: String, looked: [String])
  /// The model holds no reference scores for so many evaluations; nil: none at all.
  case notCalibrated(evaluations: Int?)
  /// The network of a model whose encoder judges.
  case encoderAlone
  case notCalibratedForAuto
  /// Images that judge one another have no ladder.
  case autoWithoutModel
  /// A network cannot take images of this size.
  case unsuitableSize(reason: String)
  /// Too few are left to calibrate with.
  case tooFewImages(readable: Int, distinct: Int, held: Int, needed: Int)
  case noReadableImages(purpose: String)
  /// Nothing to scan in what was given, other files apart.
  case noImages(given: String, skipped: Int)
  /// A setting with which nothing can be learned.
  case unsuitableOption(reason: String)
  /// A setting, or images, other than those of the checkpoint that is to be gone on from.
  case contradictsCheckpoint(option: String, checkpoint: String, given: String)
  /// A checkpoint that does not say which images it trains on.
  case checkpointWithoutPaths
  /// The loss ran away.
  /// - Parameter checkpoint: the last that was saved; nil where none was.
  case diverged(step: Int, loss: Float, checkpoint: String?)
  /// Images that fit the statistics apart are for a number of evaluations.
  case fittingUnderAuto
  /// The samples score unlike the real images that the model was calibrated on.
  case samplesDiffer([Model.SampleComparison])
  /// A model whose weights overflow.
  case noNumbers(what: String)
  case noImage(path: String)
  /// Other images of its set have masks.
  case noMask(image: String, looked: [String])
  case unreadableImage(path: String, ImageError)
  /// - Parameter line: counted from 1; nil where the whole file is meant.
  case policy(path: String, line: Int?, reason: String)
  /// - Parameter entry: counted from 1.
  case baseline(path: String, entry: Int, reason: String)
  case notAnAllowance(String, of: String)
  /// Something that a model which judges images by their tiles cannot do.
  case tiles(refused: String)
  case cannotRead(path: String, what: String)
  case cannotWrite(path: String, reason: String)

  public var description: String {
    switch self {
    case .noModel(let name, let looked):
      "no model named \(name): looked for \(looked.joined(separator: ", "))"
    case .notCalibrated(let evaluations?):
      "the model has no reference scores for \(evaluations) evaluations: "
        + "run surprisal fit --evaluations \(evaluations)"
    case .notCalibrated(nil): "the model is not calibrated: run surprisal fit"
    case .encoderAlone:
      "the model judges by its encoder alone: run surprisal fit --evaluations N for its network, 0 for one look"
    case .notCalibratedForAuto:
      "the model has no reference scores for auto evaluations: run surprisal fit --evaluations auto"
    case .autoWithoutModel:
      "auto evaluations need a model that is calibrated for them: give a number, or a model"
    case .unsuitableSize(let reason): reason
    case .tooFewImages(let readable, let distinct, let held, let needed):
      "\(readable) readable images, \(distinct) of them distinct, leave \(held) to calibrate with: "
        + "at least \(needed) are needed"
    case .noReadableImages(let purpose): "no readable images to \(purpose)"
    case .noImages(let given, let skipped):
      "no images in \(given)" + (skipped > 0 ? " (\(skipped) other files there)" : "")
    case .unsuitableOption(let reason): reason
    case .contradictsCheckpoint(let option, let checkpoint, let given):
      "\(option): \(given) is given, and the checkpoint's is \(checkpoint): leave it out, or train anew"
    case .checkpointWithoutPaths: "the checkpoint does not say which images it trains on: give their paths"
    case .diverged(let step, let loss, let checkpoint):
      "training diverged: at step \(step) the loss is \(loss), where knowing nothing gives 1. Train anew with a lower "
        + "learning rate (\(checkpoint.map { "\($0) keeps the last state saved" } ?? "no state was saved before"))"
    case .fittingUnderAuto: "images that fit apart are for a number of evaluations"
    case .samplesDiffer(let comparisons):
      "the samples' scores differ from the real references' "
        + "(\(comparisons.map(\.description).joined(separator: "; "))): "
        + "calibrate on real images, or insist with --force"
    case .noNumbers(let what): "the model's \(what) are no numbers: its weights cannot be those of a training"
    case .noImage(let path): "\(path): no image there"
    case .noMask(let image, let looked):
      "\(image): no mask, where other images of the set have one: looked for \(looked.joined(separator: ", "))"
    case .unreadableImage(let path, let error): "\(path): \(error)"
    case .policy(let path, let line?, let reason): "\(path):\(line): \(reason)"
    case .policy(let path, nil, let reason): "\(path): \(reason)"
    case .baseline(let path, let entry, let reason): "\(path): entry \(entry): \(reason)"
    case .notAnAllowance(let text, let origin): "\(origin): \(text) is neither a count nor a percentage"
    case .tiles(let refused):
      "\(refused): not by tiles. Fit a model that looks at images whole (surprisal fit without --tiles)"
    case .cannotRead(let path, let what): "\(path): cannot read \(what)"
    case .cannotWrite(let path, let reason): "\(path): cannot write: \(reason)"
    }
  }
}

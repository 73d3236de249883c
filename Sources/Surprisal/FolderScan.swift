import Cache
import Detection
import Diffusion
import Files
import Foundation
import Images
import Reports

/// A scan of images by one another, where no model says what belongs: each is judged by what the others show.
///
/// A general network looks at every image once; statistics of what it saw are fitted on these very images, in parts that take
/// turns (`CrossJudgement`). Memory holds some 5 KB an image.
public struct FolderScan {
  /// How p-values become flags.
  public var rule = FlaggingRule.falseDiscoveryRate(0.1)
  /// At which size images are looked at.
  public var shape = FittedShape()
  /// `.look`, or evaluations for bits and the statistics of denoising errors; not `.auto`.
  public var budget = EvaluationBudget.look
  /// Nil for the standard one of the budget.
  public var statistic: StatisticName?
  public var limit: Int?
  public var reading = ImageReading()
  /// Where looks and verdicts are kept from run to run (`Scan.cache`): of a folder in which nothing has changed, nothing is opened,
  /// looked at or judged anew.
  public var cache: ResultCache?
  /// Whether records say what images are made of (`Record.content`).
  public var hashesContent = false

  public init() {}

  /// Images that judge one another must be at least so many, copies not counted.
  public static let fewest = CrossJudgement.fewest

  /// What was found, beside the records.
  public struct Outcome: Sendable {
    public internal(set) var summary = Scan.Summary()
    /// Which images show the same.
    public internal(set) var exactCopies = 0
    public internal(set) var nearCopies = 0
    /// Images flagged for each named trouble.
    public internal(set) var troubles: [String: Int] = [:]
    /// Readable images that nothing speaks against, each once.
    var ordinary = ImageBatch(shape: ImageShape(height: 1, width: 1, channels: 1))
    var network: Model
    /// Whether each image shows one thing on a plain ground, all are alike, and they lie anyhow: turned alike they would be judged better.
    public internal(set) var liesAnyhow = false
    /// How images were aligned.
    var alignment: Alignment?

    /// Images that a model of them is fitted to.
    public var ordinaryCount: Int { ordinary.count }

    /// The model of these images, to judge others by: the network fitted to those that were not flagged.
    /// - Throws: `CalibrationError` with too few, `EngineError`.
    public func fitted(
      budget: EvaluationBudget = .look, examples: Int = Model.standardExamples,
      compute: Compute = Compute(), progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> Model {
      var model = network
      try model.fit(
        to: ordinary.inFewestChannels, aligned: alignment, anew: true, budget: budget, examples: examples,
        compute: compute,
        progress: progress)
      return model
    }
  }

  /// Looks at every image, judges all, and hands over the records, most surprising first, unreadable ones last in their
  /// order.
  ///
  /// - Parameters:
  ///   - network: knows images in general; what population it was fitted to does not matter.
  ///   - shouldStop: asked between batches; when true, the images taken so far judge one another, and no others.
  ///   - progress: told how far it is.
  ///   - begin: told the counts before the first record.
  ///   - body: takes each record.
  /// - Throws: `CalibrationError.tooFewToJudge`, `EngineError`, `SurprisalError`, and what `begin` and `body` throw.
  public func run(
    _ paths: [FilePath], by network: Model, compute: Compute = Compute(),
    shouldStop: () -> Bool = { false }, progress: (ScanProgress) -> Void = { _ in },
    begin: (ReportTotals) throws -> Void = { _ in }, _ body: (Record) throws -> Void
  ) throws -> Outcome {
    guard let evaluations = budget.count else { throw SurprisalError.autoWithoutModel }
    let statistic = statistic ?? .standard(evaluations: evaluations)
    var reading = reading
    reading.decoder.takesMeasures = true
    let size = shape.size(of: paths, reading: reading, cache: cache)
    let shape = ImageShape(
      height: size.height, width: size.width, channels: shape.channels ?? network.shape.channels)
    reading.decoder.alignment = try self.shape.alignment(
      of: paths, reading: reading, channels: shape.channels)
    let observations = Calibration.observations(for: statistic)
    var looking = try network.emptied(for: ImageBatch(shape: shape))
    looking.alignment = reading.decoder.alignment
    let scorer = try Scorer(
      looking, evaluations: evaluations, observing: observations, compute: compute)
    // All that an estimate depends on.
    let asked =
      "\(network.digest) \(shape) \(scorer.precision.rawValue) \(evaluations) "
      + "\(observations.map(\.name).sorted()) \(reading.fingerprint)"
    let recall = cache.map { Recall($0, "look \(asked)") }
    defer { recall?.flush() }
    let stream = ImageStream(
      paths, shape: shape, reading: reading, limit: limit, ahead: scorer.batch + 64,
      hashesContent: hashesContent, recall: recall)
    defer { stream.cancel() }
    var folder = FolderLooks(shape: shape)
    var outcome = Outcome(network: network, alignment: looking.alignment)
    while true {
      guard !shouldStop() else {
        outcome.summary.isComplete = false
        break
      }
      let images = stream.next(scorer.batch)
      guard !images.isEmpty else { break }
      try folder.add(images, scorer, recall)
      progress(
        ScanProgress(
          done: folder.entries.count, recalled: folder.recalled, isJudging: false, pValues: nil, rule: rule))
    }
    progress(
      ScanProgress(
        done: folder.entries.count, recalled: folder.recalled, isJudging: true, pValues: nil, rule: rule))
    let verdicts = try folder.verdicts(
      cache.map { Recall($0, "verdicts \(asked) \(statistic.rawValue) \(rule)") }, statistic: statistic,
      rule: rule,
      scorer)
    folder.repeat(stream.repeats, &outcome.summary)
    outcome.summary.skipped = stream.skipped
    folder.count(verdicts, &outcome)
    outcome.liesAnyhow = outcome.alignment == nil && AlignmentTrial.liesAnyhow(folder.large(40), reading)
    try begin(ReportTotals(outcome.summary))
    try folder.tell(verdicts, hashesContent: hashesContent, &outcome, body)
    return outcome
  }
}

extension ImageBatch {
  /// Gray where every image is: the same pixels in a third of the values.
  var inFewestChannels: ImageBatch {
    guard shape.channels == 3 else { return self }
    let gray = ImageShape(height: shape.height, width: shape.width, channels: 1)
    return converted(to: gray) { pixels in
      var values: [UInt8] = []
      values.reserveCapacity(pixels.count / 3)
      for start in stride(from: 0, to: pixels.count, by: 3) {
        let value = pixels[start]
        guard pixels[start + 1] == value, pixels[start + 2] == value else { return nil }
        values.append(value)
      }
      return values
    } ?? self
  }
}

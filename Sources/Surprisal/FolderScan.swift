import Detection
import Diffusion
import Files
import Foundation
import Images
import Reports

/// A scan of images by one another, where no model says what belongs: each is judged by what the others show.
///
/// A general network looks at every image once; statistics of what it saw are fitted on these very images, in parts that take
/// turns (`CrossJudgement`). Nothing is kept. Memory holds some 5 KB an image.
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
        to: ordinary.inFewestChannels, anew: true, budget: budget, examples: examples, compute: compute,
        progress: progress)
      return model
    }
  }

  /// One image on its way.
  private struct Entry {
    var file: FilePath
    let origin: ImageOrigin?
    let warning: String?
    /// Where its estimate stands; nil where it is unreadable.
    let place: Int?
    let error: String?
  }

  /// Looks at every image, judges all, and hands over the records, most surprising first, unreadable ones last in their
  /// order.
  ///
  /// - Parameters:
  ///   - network: knows images in general; what population it was fitted to does not matter.
  ///   - progress: told how many images are done.
  ///   - begin: told the counts before the first record.
  ///   - body: takes each record.
  /// - Throws: `CalibrationError.tooFewToJudge`, `EngineError`, `SurprisalError`, and what `begin` and `body` throw.
  public func run(
    _ paths: [FilePath], by network: Model, compute: Compute = Compute(),
    progress: (Int) -> Void = { _ in },
    begin: (ReportTotals) throws -> Void = { _ in }, _ body: (Record) throws -> Void
  ) throws -> Outcome {
    guard let evaluations = budget.count else { throw SurprisalError.autoWithoutModel }
    let statistic = statistic ?? .standard(evaluations: evaluations)
    let size = shape.size(of: paths, reading: reading)
    let shape = ImageShape(
      height: size.height, width: size.width, channels: shape.channels ?? network.shape.channels)
    let looking = try network.emptied(for: ImageBatch(shape: shape))
    let scorer = try Scorer(
      looking, evaluations: evaluations, observing: Calibration.observations(for: statistic),
      compute: compute)
    var outcome = Outcome(network: network)
    var entries: [Entry] = []
    var images = ImageBatch(shape: shape)
    var estimates: [SurprisalEstimate] = []
    var reading = reading
    reading.decoder.takesMeasures = true
    let stream = ImageStream(
      paths, shape: shape, reading: reading, limit: limit, ahead: scorer.batch + 64)
    defer { stream.cancel() }
    while case let some = stream.next(scorer.batch), !some.isEmpty {
      let start = images.count
      for image in some {
        let place: Int?
        var error: String?
        switch image.bitmap {
        case .success(let bitmap):
          place = images.count
          images.append(bitmap, measures: image.measures)
        case .failure(let failure):
          place = nil
          error = failure.description
        }
        entries.append(
          Entry(
            file: image.file, origin: image.origin, warning: image.warning, place: place, error: error))
      }
      estimates += try scorer.estimate(images[start..<images.count])
      progress(entries.count)
    }
    let copies = CopyGroups(of: images)
    let judged = try CrossJudgement(estimates, copies: copies, statistic: statistic, rule: rule)
    // A file under several paths is judged once and recorded for each.
    var files = [FilePath](repeating: FilePath(""), count: images.count)
    for entry in entries { if let place = entry.place { files[place] = entry.file } }
    for (file, first) in stream.repeats {
      var again = entries[first]
      again.file = file
      entries.append(again)
      if again.place != nil { outcome.summary.repeats += 1 }
    }
    let scored = entries.indices.filter { entries[$0].place != nil }
    func key(_ index: Int) -> (Double, Double, Int) {
      let place = entries[index].place ?? 0
      let score = judged.scores[place]
      return (judged.pValues[place], score.isNaN ? -Double.infinity : -score, index)
    }
    outcome.summary.scored = scored.count
    outcome.summary.unreadable = entries.count - scored.count
    outcome.summary.skipped = stream.skipped
    outcome.summary.evaluations = estimates.reduce(0) { $0 + $1.evaluations }
    outcome.summary.outliers = scored.count { judged.isOutlier(entries[$0].place ?? 0) }
    if evaluations > 0 {
      outcome.summary.meanBitsPerDim =
        estimates.reduce(0) { $0 + $1.bitsPerDim } / Double(max(estimates.count, 1))
    }
    (outcome.exactCopies, outcome.nearCopies) = (copies.exact, copies.near)
    let distance = OrdinaryImages(
      copies.representatives.filter { !judged.isOutlier($0) }, images: images, estimates: estimates)
    outcome.ordinary = images[copies.representatives.filter { !judged.isOutlier($0) }]
    try begin(
      ReportTotals(
        scored: outcome.summary.scored, outliers: outcome.summary.outliers,
        unreadable: outcome.summary.unreadable))
    let order = scored.sorted { key($0) < key($1) }
    for index in order {
      guard let place = entries[index].place else { continue }
      let estimate = estimates[place]
      var record = Record(file: entries[index].file)
      (record.width, record.height) = (entries[index].origin?.width, entries[index].origin?.height)
      record.format = entries[index].origin?.format
      record.warning = entries[index].warning
      record.statistic = statistic.rawValue
      record.score = judged.scores[place]
      record.pValue = judged.pValues[place]
      record.evaluations = estimate.evaluations
      record.relativeTo = "folder"
      record.outlier = judged.isOutlier(place)
      let findings = judged.findings(place, estimate, scorer.form)
      if !findings.isEmpty { record.troubles = findings.map(Record.Trouble.init) }
      for finding in findings where finding.isReason {
        outcome.troubles[finding.trouble.rawValue, default: 0] += 1
      }
      record.reason = judged.words(place, estimate, scorer.form)
      if judged.isOutlier(place) {
        record.nearest = distance.nearest(to: place).map { files[$0] }
      }
      if copies.first[place] != place { record.copyOf = files[copies.first[place]] }
      if evaluations > 0 {
        record.bitsPerDim = estimate.bitsPerDim
        record.standardError = estimate.standardError
        record.profile = judged.profile.levels(estimate, scorer.quadrature)
      }
      try body(record)
    }
    for entry in entries where entry.place == nil {
      try body(Record(file: entry.file, error: entry.error ?? ""))
    }
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

/// The ordinary images of a folder, to find the one that an odd one is most like: by what the network saw in both, or by their
/// pixels where it was not asked.
private struct OrdinaryImages {
  private let places: [Int]
  private let distance: FeatureDistance
  private let features: (Int) -> [Float]

  /// - Parameter places: of the ordinary ones among `images`, each of which has its estimate.
  init(_ places: [Int], images: ImageBatch, estimates: [SurprisalEstimate]) {
    self.places = places
    features = { place in
      estimates[place].appearance?.activations ?? images.pixels(of: place).map { Float($0) }
    }
    distance = FeatureDistance(places.map(features))
  }

  func nearest(to place: Int) -> Int? { distance.nearest(to: features(place)).map { places[$0] } }
}

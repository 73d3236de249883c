import Detection
import Files
import Foundation
import Reports

/// What is known of all images of a scan, their records on disk; memory holds a few bytes an image.
struct ScanResults {
  var summary = Scan.Summary()
  private let spool: Spool
  private var scored: [Scored] = []
  private var unreadable: [Unreadable] = []
  private(set) var pValues: [Double] = []
  /// Of every image in its order: where in `scored`, or else in `unreadable`.
  private var places: [(isScored: Bool, index: Int)] = []
  private var bits: [Double] = []

  private struct Scored {
    let entry: Spool.Entry
    let order: (Int, Double)
    /// Where an image came again.
    var again: Again?
  }

  private struct Unreadable {
    let entry: Spool.Entry
    var again: Again?
  }

  /// The path of its own, and the place, of an image that came before.
  private typealias Again = (file: FilePath, place: Int)

  /// What a scan counts of an image.
  struct Figures {
    /// Nil for an unreadable image.
    let order: (Int, Double)?
    let pValue: Double
    let bits: Double?
    let evaluations: Int
    let isKnown: Bool

    init(_ item: Spool.Item) {
      order = item.order
      pValue = item.record.pValue ?? 1
      bits = item.record.bitsPerDim
      evaluations = item.record.evaluations ?? 0
      isKnown = item.record.known != nil
    }
  }

  /// - Parameter spool: where the records lie.
  init(_ spool: Spool? = nil) throws { self.spool = try spool ?? Spool() }

  /// Images that were taken, unreadable ones among them, those that came again apart.
  var count: Int { places.count }

  mutating func add(_ item: (item: Spool.Item, isRecalled: Bool)) throws {
    if item.isRecalled { summary.recalled += 1 }
    add(try spool.append(item.item), Figures(item.item))
  }

  /// - Parameter entry: in the spool.
  mutating func add(_ entry: Spool.Entry, _ figures: Figures) {
    guard let order = figures.order else {
      places.append((false, unreadable.count))
      unreadable.append(Unreadable(entry: entry))
      summary.unreadable += 1
      return
    }
    places.append((true, scored.count))
    scored.append(Scored(entry: entry, order: order))
    pValues.append(figures.pValue)
    summary.scored += 1
    if figures.isKnown { summary.known += 1 }
    summary.evaluations += figures.evaluations
    if let known = figures.bits { bits.append(known) }
  }

  /// Judges all images as one set, each once.
  ///
  /// - Parameter calibration: nil where there is no set to judge.
  mutating func judgeSet(by statistic: StatisticName, _ calibration: Calibration?) {
    summary.set = calibration.flatMap {
      SetVerdict(
        scores: scored.prefix(distinct.count).map(\.order.1), bits: bits, statistic: statistic,
        calibration: $0)
    }
  }

  /// Scored images that came again.
  private var repeated = 0
  /// P-values of images, each once: what a false discovery rate counts.
  private var distinct: ArraySlice<Double> { pValues[..<(pValues.count - repeated)] }

  /// Another path to an image that there is; one that was not taken any more is not told either.
  mutating func add(_ again: ImageStream.Repeat) throws {
    guard again.first < places.count else { return }
    let place = places[again.first]
    let own: Again = (again.file, again.place)
    guard place.isScored else {
      unreadable.append(Unreadable(entry: unreadable[place.index].entry, again: own))
      summary.unreadable += 1
      return
    }
    var entry = scored[place.index]
    entry.again = own
    scored.append(entry)
    pValues.append(pValues[place.index])
    repeated += 1
    summary.scored += 1
    summary.repeats += 1
    if summary.known > 0, try spool.read(entry.entry).record.known != nil { summary.known += 1 }
  }

  /// Judges what there is, and hands it over, most surprising first.
  mutating func tell(
    _ rule: FlaggingRule, begin: (ReportTotals) throws -> Void, _ body: (Record) throws -> Void
  ) throws -> Scan.Summary {
    let threshold = count(rule)
    try begin(ReportTotals(summary))
    try hand(threshold, body)
    return summary
  }

  /// Hands over records that are to be put together with others'. Those flagged by a false discovery rate are known when that is
  /// done.
  mutating func tellPart(
    _ facts: PartFacts?, _ rule: FlaggingRule, begin: (ReportTotals) throws -> Void,
    _ body: (Record) throws -> Void
  ) throws -> Scan.Summary {
    var threshold: Double?
    if case .falsePositiveRate = rule { threshold = count(rule) } else { _ = count(.falsePositiveRate(0)) }
    try begin(ReportTotals(summary, part: facts))
    try hand(threshold, body)
    return summary
  }

  /// Counts, and the largest p-value that is flagged.
  private mutating func count(_ rule: FlaggingRule) -> Double {
    summary.meanBitsPerDim = bits.isEmpty ? nil : bits.reduce(0, +) / Double(bits.count)
    let threshold = rule.threshold(for: Array(distinct))
    summary.outliers = pValues.count { $0 <= threshold }
    return threshold
  }

  /// - Parameter threshold: nil where none is known yet.
  private func hand(_ threshold: Double?, _ body: (Record) throws -> Void) throws {
    let order = scored.indices.sorted {
      scored[$0].order != scored[$1].order ? scored[$0].order > scored[$1].order : $0 < $1
    }
    for index in order {
      var record = try read(scored[index].entry, scored[index].again)
      record.outlier = threshold.map { pValues[index] <= $0 }
      try body(record)
    }
    for image in unreadable { try body(read(image.entry, image.again)) }
  }

  private func read(_ entry: Spool.Entry, _ again: Again?) throws -> Record {
    var record = try spool.read(entry).record
    guard let again else { return record }
    record.file = again.file
    if let part = record.part {
      record.part = Part(place: again.place, identity: part.identity, order: part.order)
    }
    return record
  }
}

extension Scan.Portion {
  /// What a part says of its run.
  func facts(
    _ summary: Scan.Summary, _ judge: Judge, _ rule: FlaggingRule, _ reading: ImageReading
  ) -> PartFacts {
    PartFacts(
      settings: PartFacts.Settings(
        digest: judge.model.digest, statistic: judge.statistic.rawValue, evaluations: judge.evaluations,
        rule: rule.name, rate: rule.rate, computing: "\(judge.computing) \(reading.fingerprint)",
        program: program),
      model: model, shard: shard, found: summary.found, skipped: summary.skipped,
      records: summary.scored + summary.unreadable, isComplete: summary.isComplete)
  }
}

extension FlaggingRule {
  /// As the option that asks for it.
  var name: String {
    switch self {
    case .falsePositiveRate: "fpr"
    case .falseDiscoveryRate: "fdr"
    }
  }

  /// - Parameter name: as `name`.
  init?(name: String, rate: Double) {
    guard rate > 0, rate < 1 else { return nil }
    switch name {
    case "fpr": self = .falsePositiveRate(rate)
    case "fdr": self = .falseDiscoveryRate(rate)
    default: return nil
    }
  }
}

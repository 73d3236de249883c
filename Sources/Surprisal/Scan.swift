import Detection
import Files
import Foundation
import Images
import Reports

/// A scan of images under a calibrated model: scores them as they come, judges them when all are known.
public struct Scan {
  public var rule = FlaggingRule.standard
  public var limit: Int?
  public var reading = ImageReading()
  /// Keeps the records of an unfinished scan under this name, and goes on from them: images recorded there are not
  /// scored again. Removed by `finish`; nil: nothing is kept.
  public var progressFile: String?
  /// Whether records say what images are made of (`Record.content`).
  public var hashesContent = false

  public init() {}

  /// Counts of a finished scan.
  public struct Summary: Sendable {
    public var scored = 0
    /// Of these, files that had come before under another path or the same.
    public var repeats = 0
    public var outliers = 0
    public var unreadable = 0
    /// Files in folders that were no images.
    public var skipped = 0
    /// Scored images that the model was trained or calibrated on.
    public var known = 0
    /// Nil where images were only looked at.
    public var meanBitsPerDim: Double?
    /// Network evaluations over all images.
    public var evaluations = 0
    /// Whether the set as a whole belongs; nil under `auto`, whose scores come from different stages.
    public var set: SetVerdict?
  }

  /// Scores every image and hands over the records, most surprising first, unreadable ones last in their order.
  ///
  /// A file given by several paths is scored once, and recorded for each; the set as a whole and the false discovery rate
  /// count it once. Records wait in a temporary file (or `progressFile`) until all p-values are known; memory holds a few bytes an image.
  ///
  /// - Parameters:
  ///   - progress: told how many images are done.
  ///   - begin: told the counts before the first record.
  ///   - body: takes each record.
  public func run(
    _ paths: [FilePath], by judge: Judge, progress: (Int) -> Void = { _ in },
    begin: (ReportTotals) throws -> Void = { _ in }, _ body: (Record) throws -> Void
  ) throws -> Summary {
    var summary = Summary()
    // With a path of its own where an image came again.
    var entries: [(entry: Spool.Entry, order: (Int, Double), pValue: Double, file: FilePath?)] = []
    var unreadable: [(entry: Spool.Entry, file: FilePath?)] = []
    // Of every image in its order: where in `entries`, or else in `unreadable`.
    var places: [(isScored: Bool, index: Int)] = []
    var bits: [Double] = []
    func count(_ entry: Spool.Entry, _ item: Spool.Item) {
      guard let order = item.order else {
        places.append((false, unreadable.count))
        unreadable.append((entry, nil))
        summary.unreadable += 1
        return
      }
      places.append((true, entries.count))
      entries.append((entry, order, item.record.pValue ?? 1, nil))
      summary.scored += 1
      if item.record.known != nil { summary.known += 1 }
      summary.evaluations += item.record.evaluations ?? 0
      if let known = item.record.bitsPerDim { bits.append(known) }
    }
    var recorded: [FilePath: [Int]] = [:]
    let spool = try Spool(path: progressFile, scan: fingerprint(judge)) { entry, item in
      recorded[item.record.file, default: []].append(places.count)
      count(entry, item)
    }
    let stream = ImageStream(
      paths, shape: judge.model.shape, reading: judge.model.reading(reading), limit: limit,
      ahead: judge.batch + 64,
      hashesContent: hashesContent, passingOver: recorded)
    defer { stream.cancel() }
    while case let images = stream.next(judge.batch), !images.isEmpty {
      var readable = ImageBatch(shape: judge.model.shape)
      for image in images {
        if case .success(let bitmap) = image.bitmap { readable.append(bitmap, measures: image.measures) }
      }
      var judgements = try judge.judge(readable)[...]
      for image in images {
        let item: Spool.Item
        switch image.bitmap {
        case .failure(let error):
          var record = Record(file: image.file, error: error.description)
          record.content = image.content
          item = Spool.Item(record: record, exit: nil, score: nil)
        case .success(let bitmap):
          let judgement = judgements.removeFirst()
          let (exit, score) = judgement.order
          var record = Record(file: image.file, judgement, origin: image.origin, warning: image.warning)
          record.content = image.content
          record.known = judge.model.learned.part(of: bitmap)?.rawValue
          item = Spool.Item(record: record, exit: exit, score: score.isFinite ? score : nil)
        }
        count(try spool.append(item), item)
      }
      progress(summary.scored + summary.unreadable)
    }
    summary.skipped = stream.skipped
    summary.meanBitsPerDim = bits.isEmpty ? nil : bits.reduce(0, +) / Double(bits.count)
    if let calibration = judge.onlyCalibration {
      summary.set = SetVerdict(
        scores: entries.map(\.order.1), bits: bits, statistic: judge.statistic, calibration: calibration)
    }
    let threshold = rule.threshold(for: entries.map(\.pValue))
    for (file, first) in stream.repeats {
      let (isScored, index) = places[first]
      if isScored {
        entries.append(entries[index])
        entries[entries.count - 1].file = file
        summary.scored += 1
        summary.repeats += 1
        if summary.known > 0, try spool.read(entries[index].entry).record.known != nil { summary.known += 1 }
      } else {
        unreadable.append((unreadable[index].entry, file))
        summary.unreadable += 1
      }
    }
    summary.outliers = entries.count { $0.pValue <= threshold }
    try begin(
      ReportTotals(scored: summary.scored, outliers: summary.outliers, unreadable: summary.unreadable))
    let order = entries.indices.sorted {
      entries[$0].order != entries[$1].order ? entries[$0].order > entries[$1].order : $0 < $1
    }
    for index in order {
      var record = try spool.read(entries[index].entry).record
      if let file = entries[index].file { record.file = file }
      record.outlier = entries[index].pValue <= threshold
      try body(record)
    }
    for (entry, file) in unreadable {
      var record = try spool.read(entry).record
      if let file { record.file = file }
      try body(record)
    }
    return summary
  }

  /// Tells scans apart whose records cannot be mixed.
  private func fingerprint(_ judge: Judge) -> String {
    "surprisal scan \(judge.fingerprint) \(reading.fingerprint)"
  }

  /// Drops the records kept for going on, once what was made of them is safe.
  public func finish() { if let progressFile { unlink(progressFile) } }
}

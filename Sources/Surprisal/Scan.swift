import Cache
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
  /// Where results are kept from run to run: images that are as they were are not opened, and none whose content is known is
  /// scored. What is written is the same with and without. An interrupted scan goes on from what was kept.
  public var cache: ResultCache?
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
    /// Images whose results were kept from before.
    public var recalled = 0
    /// Nil where images were only looked at.
    public var meanBitsPerDim: Double?
    /// Network evaluations over all images.
    public var evaluations = 0
    /// Whether the set as a whole belongs; nil under `auto`, whose scores come from different stages.
    public var set: SetVerdict?
    /// Whether all images were taken: false after an interruption, when the counts are of those that were.
    public var isComplete = true
  }

  /// Scores every image and hands over the records, most surprising first, unreadable ones last in their order.
  ///
  /// A file given by several paths is scored once, and recorded for each; the set as a whole and the false discovery rate
  /// count it once. Records wait in a temporary file until all p-values are known; memory holds a few bytes an image.
  ///
  /// - Parameters:
  ///   - shouldStop: asked between batches; when true, the images taken so far are judged, and no others.
  ///   - progress: told how far it is.
  ///   - begin: told the counts before the first record.
  ///   - body: takes each record.
  public func run(
    _ paths: [FilePath], by judge: Judge, shouldStop: () -> Bool = { false },
    progress: (ScanProgress) -> Void = { _ in },
    begin: (ReportTotals) throws -> Void = { _ in }, _ body: (Record) throws -> Void
  ) throws -> Summary {
    let reading = judge.reading(reading)
    let recall = cache.map { Recall($0, "scan \(judge.fingerprint) \(reading.fingerprint)") }
    defer { recall?.flush() }
    let stream = ImageStream(
      paths, shape: judge.shape, reading: reading, limit: limit, ahead: judge.batch + 64,
      hashesContent: hashesContent, recall: recall)
    defer { stream.cancel() }
    var results = try Results()
    while true {
      guard !shouldStop() else {
        results.summary.isComplete = false
        break
      }
      let images = Self.take(from: stream, judge.batch)
      guard !images.isEmpty else { break }
      for item in try items(images, judge, recall) { try results.add(item) }
      progress(
        ScanProgress(
          done: results.places.count, recalled: results.summary.recalled, isJudging: false,
          pValues: results.pValues, rule: rule))
    }
    return try results.tell(stream, judge, rule, begin, body)
  }

  /// Images until so many of them are to be scored: those that are known cost next to nothing, and a batch is to be full.
  private static func take(from stream: ImageStream, _ batch: Int) -> [LoadedImage] {
    let most = 4096
    var images: [LoadedImage] = []
    var unknown = 0
    while unknown < batch, images.count < most {
      let more = stream.next(min(batch - unknown, most - images.count))
      if more.isEmpty { break }
      for image in more {
        if case .known = image.form { continue }
        unknown += 1
      }
      images += more
    }
    return images
  }

  /// What there is to say of images, in their order; what is new of it is kept.
  private func items(
    _ images: [LoadedImage], _ judge: Judge, _ recall: Recall?
  ) throws -> [(item: Spool.Item, isRecalled: Bool)] {
    var readable = ImageBatch(shape: judge.shape)
    for image in images {
      if case .decoded(let bitmap) = image.form { readable.append(bitmap, measures: image.measures) }
    }
    var judgements = try judge.judge(readable)[...]
    return try images.map { image in
      var item: Spool.Item
      var isRecalled = false
      switch image.form {
      case .known(let bytes):
        isRecalled = true
        item = try Recall.unpacked(bytes) { unpacker throws(Unpacker.Cut) in
          try Spool.Item(file: image.file, &unpacker)
        }
      case .unreadable(let error):
        item = Spool.Item(record: Record(file: image.file, error: error.description), order: nil)
      case .decoded(let bitmap):
        let judgement = judgements.removeFirst()
        var record = Record(file: image.file, judgement, origin: image.origin, warning: image.warning)
        record.known = judge.model.learned.part(of: bitmap)?.rawValue
        item = Spool.Item(record: record, order: judgement.order)
      }
      if !isRecalled, let content = image.content, image.isLasting {
        var packer = Packer()
        item.pack(&packer)
        recall?.keep(packer.data, of: content)
      }
      if hashesContent { item.record.content = image.hash }
      return (item, isRecalled)
    }
  }

  /// What is known of all images, their records on disk.
  private struct Results {
    var summary = Summary()
    private let spool: Spool
    // With a path of its own where an image came again.
    private var entries: [(entry: Spool.Entry, order: (Int, Double), file: FilePath?)] = []
    private(set) var pValues: [Double] = []
    private var unreadable: [(entry: Spool.Entry, file: FilePath?)] = []
    /// Of every image in its order: where in `entries`, or else in `unreadable`.
    private(set) var places: [(isScored: Bool, index: Int)] = []
    private var bits: [Double] = []

    init() throws { spool = try Spool() }

    mutating func add(_ item: (item: Spool.Item, isRecalled: Bool)) throws {
      if item.isRecalled { summary.recalled += 1 }
      let entry = try spool.append(item.item)
      let record = item.item.record
      guard let order = item.item.order else {
        places.append((false, unreadable.count))
        unreadable.append((entry, nil))
        summary.unreadable += 1
        return
      }
      places.append((true, entries.count))
      entries.append((entry, order, nil))
      pValues.append(record.pValue ?? 1)
      summary.scored += 1
      if record.known != nil { summary.known += 1 }
      summary.evaluations += record.evaluations ?? 0
      if let known = record.bitsPerDim { bits.append(known) }
    }

    /// Judges what there is, and hands it over.
    mutating func tell(
      _ stream: ImageStream, _ judge: Judge, _ rule: FlaggingRule, _ begin: (ReportTotals) throws -> Void,
      _ body: (Record) throws -> Void
    ) throws -> Summary {
      summary.skipped = stream.skipped
      summary.meanBitsPerDim = bits.isEmpty ? nil : bits.reduce(0, +) / Double(bits.count)
      if let calibration = judge.onlyCalibration {
        summary.set = SetVerdict(
          scores: entries.map(\.order.1), bits: bits, statistic: judge.statistic, calibration: calibration)
      }
      let threshold = rule.threshold(for: pValues)
      // What comes again of images that were not taken any more is not told either.
      for (file, first) in stream.repeats where first < places.count { try again(file, places[first]) }
      summary.outliers = pValues.count { $0 <= threshold }
      try begin(ReportTotals(summary))
      let order = entries.indices.sorted {
        entries[$0].order != entries[$1].order ? entries[$0].order > entries[$1].order : $0 < $1
      }
      for index in order {
        var record = try spool.read(entries[index].entry).record
        if let file = entries[index].file { record.file = file }
        record.outlier = pValues[index] <= threshold
        try body(record)
      }
      for (entry, file) in unreadable {
        var record = try spool.read(entry).record
        if let file { record.file = file }
        try body(record)
      }
      return summary
    }

    /// Another path to an image that there is.
    private mutating func again(_ file: FilePath, _ place: (isScored: Bool, index: Int)) throws {
      guard place.isScored else {
        unreadable.append((unreadable[place.index].entry, file))
        summary.unreadable += 1
        return
      }
      var entry = entries[place.index]
      entry.file = file
      entries.append(entry)
      pValues.append(pValues[place.index])
      summary.scored += 1
      summary.repeats += 1
      if summary.known > 0, try spool.read(entry.entry).record.known != nil { summary.known += 1 }
    }
  }
}

extension ReportTotals {
  init(_ summary: Scan.Summary) {
    self.init(
      scored: summary.scored, outliers: summary.outliers, unreadable: summary.unreadable,
      isComplete: summary.isComplete)
  }
}

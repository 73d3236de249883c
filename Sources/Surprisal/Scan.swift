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
  /// Of a scan whose records are to be put together with those of others (`Merge`): what they are to be told by.
  public var portion: Portion?

  public init() {}

  /// A share of a run that several scans do.
  public struct Portion: Sendable {
    /// Whose images alone are scored; nil: all are.
    public var shard: Shard?
    /// As who puts the parts together may find the model.
    public var model: String
    /// The program's version.
    public var program: String

    public init(shard: Shard? = nil, model: String, program: String) {
      self.shard = shard
      self.model = model
      self.program = program
    }
  }

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
    /// Images that were found, those of other shards among them.
    public var found = 0
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
      paths, shape: judge.streamed, reading: reading, limit: limit, shard: portion?.shard,
      ahead: judge.ahead, hashesContent: hashesContent, identifies: portion != nil, recall: recall)
    defer { stream.cancel() }
    var results = try ScanResults()
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
          done: results.count, recalled: results.summary.recalled, isJudging: false,
          pValues: results.pValues, rule: rule))
    }
    results.summary.skipped = stream.skipped
    results.summary.found = stream.all
    for again in stream.repeats { try results.add(again) }
    if portion == nil {
      results.judgeSet(by: judge.statistic, judge.onlyCalibration)
      return try results.tell(rule, begin: begin, body)
    }
    return try results.tellPart(
      portion?.facts(results.summary, judge, rule, reading), rule, begin: begin, body)
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
  func items(
    _ images: [LoadedImage], _ judge: Judge, _ recall: Recall?
  ) throws -> [(item: Spool.Item, isRecalled: Bool)] {
    var readable = ImageBatch(shape: judge.shape)
    var encoded: [EncodedImage] = []
    for image in images {
      switch image.form {
      case .decoded(let bitmap): readable.append(bitmap, measures: image.measures)
      case .encoded(let file): encoded.append(file)
      case .unreadable, .known: break
      }
    }
    var judgements = try judge.judge(readable)[...]
    var tiled = encoded.isEmpty ? [] : try judge.judge(tilesOf: encoded, reading.decoder)[...]
    return try images.map { image in
      var image = image
      if case .encoded = image.form {
        switch tiled.removeFirst() {
        case .success(let found):
          image.form = .decoded(found.decoded.bitmap)
          (image.origin, image.warning) = (found.decoded.origin, found.decoded.warning)
          judgements.append(found.judgement)
        case .failure(let error): image.form = .unreadable(error)
        }
      }
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
      // Decoded above.
      case .encoded: preconditionFailure("judged by its tiles")
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
      if portion != nil { item.record.part = item.part(image.place, image.identity) }
      return (item, isRecalled)
    }
  }
}

extension ReportTotals {
  init(_ summary: Scan.Summary, part: PartFacts? = nil) {
    self.init(
      scored: summary.scored, outliers: summary.outliers, unreadable: summary.unreadable,
      isComplete: summary.isComplete, part: part)
  }
}

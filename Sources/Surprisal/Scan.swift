import Detection
import Foundation
import Images
import Reports

/// A scan of images under a calibrated model: scores them as they come, judges them when all are known.
public struct Scan {
  public var rule = FlaggingRule.falsePositiveRate(0.01)
  public var limit: Int?
  public var reading = ImageReading()

  public init() {}

  /// Counts of a finished scan.
  public struct Summary: Sendable {
    public var scored = 0
    public var outliers = 0
    public var unreadable = 0
    /// Files in folders that were no images.
    public var skipped = 0
    public var meanBitsPerDim = 0.0
    /// Network evaluations over all images.
    public var evaluations = 0
  }

  /// Scores every image and hands over the records, most surprising first, unreadable ones last in their order.
  ///
  /// Records wait in an unnamed temporary file until all p-values are known; memory holds a few bytes an image.
  ///
  /// - Parameters:
  ///   - progress: told how many images are done.
  ///   - begin: told the counts before the first record.
  ///   - body: takes each record.
  public func run(
    _ paths: [String], by judge: Judge, progress: (Int) -> Void = { _ in },
    begin: (ReportTotals) throws -> Void = { _ in }, _ body: (Record) throws -> Void
  ) throws -> Summary {
    let spool = try Spool()
    var summary = Summary()
    var entries: [(entry: Spool.Entry, order: (Int, Double), pValue: Double)] = []
    var unreadable: [Spool.Entry] = []
    let stream = ImageStream(
      paths, shape: judge.model.shape, reading: reading, limit: limit, ahead: judge.chunk + 64)
    defer { stream.cancel() }
    while case let images = stream.next(judge.chunk), !images.isEmpty {
      let readable = images.compactMap { try? $0.pixels.get() }
      var judgements = try judge.judge(readable.flatMap { $0 })[...]
      for image in images {
        switch image.pixels {
        case .failure(let error):
          unreadable.append(try spool.append(Record(path: image.name, error: error.description)))
          summary.unreadable += 1
        case .success:
          let judgement = judgements.removeFirst()
          var record = Record(
            path: image.name, estimate: judgement.estimate, quadrature: judgement.quadrature,
            calibration: judgement.calibration, statistic: judge.statistic)
          record.evaluations = judgement.evaluations
          record.pValue = judgement.pValue
          record.warning = image.warning
          entries.append((try spool.append(record), judgement.order, judgement.pValue))
          summary.scored += 1
          summary.meanBitsPerDim += judgement.estimate.bitsPerDim
          summary.evaluations += judgement.evaluations
        }
      }
      progress(summary.scored + summary.unreadable)
    }
    summary.skipped = stream.skipped
    summary.meanBitsPerDim /= Double(max(summary.scored, 1))
    let threshold = rule.threshold(for: entries.map(\.pValue))
    summary.outliers = entries.count { $0.pValue <= threshold }
    try begin(
      ReportTotals(scored: summary.scored, outliers: summary.outliers, unreadable: summary.unreadable))
    let order = entries.indices.sorted {
      entries[$0].order != entries[$1].order ? entries[$0].order > entries[$1].order : $0 < $1
    }
    for index in order {
      var record = try spool.read(entries[index].entry)
      record.outlier = entries[index].pValue <= threshold
      try body(record)
    }
    for entry in unreadable { try body(try spool.read(entry)) }
    return summary
  }
}

/// Records in a temporary file without a name, gone when the process is.
final class Spool {
  struct Entry {
    let offset: UInt64
    let length: Int
  }

  private let handle: FileHandle
  private var end: UInt64 = 0

  init() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("surprisal-\(UUID().uuidString)")
      .path
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
    guard descriptor >= 0 else {
      throw UsageError("\(path): cannot write: \(String(cString: strerror(errno)))")
    }
    unlink(path)
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  func append(_ record: Record) throws -> Entry {
    let bytes = try JSONEncoder().encode(record)
    try handle.write(contentsOf: bytes)
    defer { end += UInt64(bytes.count) }
    return Entry(offset: end, length: bytes.count)
  }

  func read(_ entry: Entry) throws -> Record {
    try handle.seek(toOffset: entry.offset)
    return try JSONDecoder().decode(Record.self, from: try handle.read(upToCount: entry.length) ?? Data())
  }
}

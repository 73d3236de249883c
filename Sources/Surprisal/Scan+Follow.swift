import Detection
import Files
import Foundation
import Reports

extension Scan {
  /// Judges images as their paths come, and hands each record over at once, in the order of the paths: behind a queue, or a watch
  /// over a folder.
  ///
  /// No more paths are asked for than there is room for, so that who is slow to take records slows who sends paths. A path that
  /// comes again is judged again. Memory does not grow.
  ///
  /// - Parameters:
  ///   - paths: asked on a thread of their own; a folder stands for the images in it as it is then.
  ///   - shouldStop: asked while waiting; when true, no more images are taken.
  ///   - body: takes each record.
  /// - Precondition: `rule` is a false positive rate: of a discovery rate all p-values must be known.
  public func follow(
    _ paths: some Sequence<FilePath> & Sendable, by judge: Judge, shouldStop: () -> Bool = { false },
    _ body: (Record) throws -> Void
  ) throws -> Summary {
    guard case .falsePositiveRate(let rate) = rule else {
      preconditionFailure("a false discovery rate is of all images")
    }
    let reading = judge.reading(reading)
    let recall = cache.map { Recall($0, "scan \(judge.fingerprint) \(reading.fingerprint)") }
    defer { recall?.flush() }
    let stream = ImageStream(
      paths, shape: judge.streamed, reading: reading, limit: limit, findsRepeats: false,
      ahead: judge.batch, hashesContent: hashesContent, recall: recall)
    defer { stream.cancel() }
    var summary = Summary()
    var bits: (sum: Double, count: Int) = (0, 0)
    while case let images = stream.nextAtHand(judge.batch, shouldStop: shouldStop), !images.isEmpty {
      for (item, isRecalled) in try items(images, judge, recall) {
        var record = item.record
        record.outlier = record.pValue.map { $0 <= rate }
        summary.count(record, isRecalled: isRecalled)
        if let known = record.bitsPerDim { bits = (bits.sum + known, bits.count + 1) }
        try body(record)
      }
    }
    summary.isComplete = !shouldStop()
    summary.skipped = stream.skipped
    summary.meanBitsPerDim = bits.count > 0 ? bits.sum / Double(bits.count) : nil
    return summary
  }
}

extension Scan.Summary {
  fileprivate mutating func count(_ record: Record, isRecalled: Bool) {
    if isRecalled { recalled += 1 }
    guard record.error == nil else {
      unreadable += 1
      return
    }
    scored += 1
    evaluations += record.evaluations ?? 0
    if record.outlier == true { outliers += 1 }
    if record.known != nil { known += 1 }
  }
}

import Foundation
import Surprisal

/// Where a scan's records go, whatever judged the images: the one way that each takes to its writer.
final class RecordOutput {
  private let path: FilePath?
  private let destination: Destination
  private var writer: RecordWriter
  private var file: OutputFile?
  /// What a page shows of images; nil for other formats.
  var pictures: ReportPictures?
  /// Nil where outliers are not collected.
  var collection: OutlierCollection?
  /// The first that was flagged.
  private(set) var firstOutlier: FilePath?

  /// Checked before any work.
  ///
  /// - Parameters:
  ///   - path: nil for standard output.
  ///   - format: nil for text on a terminal, JSON Lines elsewhere.
  /// - Throws: `DestinationError`.
  init(to path: FilePath?, as format: ReportFormat?) throws {
    self.path = path
    destination = try path.map { try Destination(option: $0) } ?? .standardOutput
    let isTerminal = destination.isStandardOutput && isatty(1) != 0
    writer = RecordWriter(
      format ?? (isTerminal ? .text : .jsonl), isColoured: isTerminal && OutputOptions.allowsColour)
  }

  /// Whether anything was written.
  var hasBegun: Bool { file != nil }

  /// Opens the file: one that is not of all images under a name that says so.
  func begin(_ totals: ReportTotals) throws {
    var destination = destination
    if !totals.isComplete, destination.isFile, let path { destination = try Destination(path.incomplete) }
    file = try OutputFile(destination)
    pictures?.begin(totals)
    try file?.write(writer.begin(totals))
  }

  func take(_ record: Record) throws {
    if record.outlier == true { firstOutlier = firstOutlier ?? record.file }
    collection?.take(record)
    if pictures == nil { return try write(record) }
    try pictures?.add(record) { try write($0) }
  }

  private func write(_ record: Record) throws { try file?.write(writer.line(record)) }

  /// - Parameter facts: what is known of the run.
  func finish(_ facts: ReportFacts) throws {
    try pictures?.finish { try write($0) }
    writer.facts = facts
    try file?.write(writer.end)
    try file?.finish()
  }

  /// Where what is not of all images went.
  var incompleteName: String { destination.isFile ? path.map { "\($0.incomplete)" } ?? "" : destination.name }
}

extension FilePath {
  /// `NAME.incomplete.EXT` beside `NAME.EXT`.
  var incomplete: FilePath {
    FilePath(
      bytes: bytes.dropLast(name.count) + stem + Array(".incomplete".utf8) + name.dropFirst(stem.count))
  }
}

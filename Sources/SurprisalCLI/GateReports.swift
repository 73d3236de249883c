import Foundation
import Surprisal

/// The reports of a gate: on standard output, and in files by the formats of their names.
final class GateReports {
  private var writers: [(writer: RecordWriter, file: OutputFile)] = []
  private let files: [(path: FilePath, format: ReportFormat, destination: Destination)]
  /// For pages; nil where there is none.
  private var pictures: ReportPictures?

  /// To be made before any work, so that what cannot be written to is refused then.
  ///
  /// - Parameters:
  ///   - format: on standard output; nil for none there.
  ///   - paths: of files whose names say their formats.
  init(_ format: ReportFormat?, _ paths: [FilePath]) throws {
    files = try paths.map { ($0, ReportFormat(named: $0) ?? .text, try Destination($0)) }
    if let format {
      let colours = isatty(1) != 0 && OutputOptions.allowsColour
      writers.append((RecordWriter(format, isColoured: colours), try OutputFile(.standardOutput)))
    }
    hasPages = format == .html || files.contains { $0.format == .html }
  }

  /// Whether there are pictures to be made.
  let hasPages: Bool

  func show(_ pictures: ReportPictures) { self.pictures = pictures }

  /// Opens the files: now there is something to say, and a run that failed has left the old ones. What is not of all images has
  /// names that say so (`FilePath.incomplete`).
  func begin(_ totals: ReportTotals, _ facts: ReportFacts) throws {
    for (path, format, complete) in files {
      let destination = totals.isComplete || !complete.isFile ? complete : try Destination(path.incomplete)
      writers.append((RecordWriter(format), try OutputFile(destination)))
    }
    pictures?.begin(totals)
    for index in writers.indices {
      writers[index].writer.facts = facts
      try writers[index].file.write(writers[index].writer.begin(totals))
    }
  }

  func take(_ record: Record) throws {
    if pictures == nil { return try write(record) }
    try pictures?.add(record) { try write($0) }
  }

  private func write(_ record: Record) throws {
    for index in writers.indices { try writers[index].file.write(writers[index].writer.line(record)) }
  }

  func finish(_ facts: ReportFacts) throws {
    try pictures?.finish { try write($0) }
    for index in writers.indices {
      writers[index].writer.facts = facts
      try writers[index].file.write(writers[index].writer.end)
      try writers[index].file.finish()
    }
  }
}

extension ReportFormat {
  /// Ends of file names.
  static let endings: [(String, ReportFormat)] = [
    (".sarif", .sarif), (".sarif.json", .sarif), (".xml", .junit), (".md", .markdown), (".html", .html),
    (".csv", .csv), (".jsonl", .jsonl), (".txt", .text),
  ]

  /// The format that a file's name says.
  init?(named path: FilePath) {
    let name = path.name
    guard let found = Self.endings.first(where: { name.reversed().starts(with: $0.0.utf8.reversed()) }) else {
      return nil
    }
    self = found.1
  }
}

import Files
import Foundation

/// Outliers already accepted, by content: an image stays accepted wherever it is moved to, and another under its name does
/// not become so.
///
/// The file has a line an image as sha256sum writes them, the hash, two spaces and the path, so that
/// `sha256sum odd.png >> BASELINE` accepts one. The paths are for people.
public struct Baseline: Sendable, Equatable {
  /// One accepted image.
  public struct Entry: Sendable, Hashable {
    /// SHA-256 of the file's bytes; of an image in an IDX file, of its pixels. Hexadecimal.
    public let content: String
    /// Where it lay.
    public let path: FilePath

    public init(content: String, path: FilePath) {
      self.content = content
      self.path = path
    }
  }

  public var entries: [Entry] {
    didSet { contents = Set(entries.map(\.content)) }
  }
  private var contents: Set<String>

  public init(entries: some Sequence<Entry> = []) {
    self.entries = Array(entries)
    contents = Set(self.entries.map(\.content))
  }

  public func accepts(content: String) -> Bool { contents.contains(content) }

  /// - Throws: `SurprisalError.cannotRead`, `.baseline` at a line that names no content.
  public init(path: String) throws(SurprisalError) {
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw .cannotRead(path: path, what: "the baseline")
    }
    var entries: [Entry] = []
    // Counted among the lines that are not empty.
    for (index, line) in FilePath.list(lines: bytes).enumerated() {
      guard let entry = Entry(line: line.bytes) else {
        throw .baseline(
          path: path, entry: index + 1,
          reason: "not a SHA-256, two spaces and a path: write the baseline anew with gate --write-baseline")
      }
      entries.append(entry)
    }
    self.init(entries: entries)
  }

  /// Writes in the order of the paths; the old file or the new one, never a part.
  /// - Throws: `SurprisalError.cannotWrite`.
  public func write(to path: String) throws(SurprisalError) {
    do { try write(to: try Destination(FilePath(path))) } catch {
      throw .cannotWrite(path: error.name, reason: error.reason)
    }
  }

  /// Writes in the order of the paths, each entry once.
  public func write(to destination: Destination) throws(DestinationError) {
    let lines = Set(entries).sorted { ($0.path, $0.content) < ($1.path, $1.content) }.map(\.line)
    try destination.write(lines.joined())
  }
}

extension Baseline.Entry {
  /// As sha256sum has it: a backslash first where the path holds escaped line breaks or backslashes.
  fileprivate init?(line: [UInt8]) {
    var line = line[...]
    let isEscaped = line.first == UInt8(ascii: "\\")
    if isEscaped { line.removeFirst() }
    let hash = String(decoding: line.prefix(64), as: UTF8.self).lowercased()
    let mark = line.dropFirst(64).prefix(2)
    guard hash.utf8.count == 64, hash.utf8.allSatisfy({ Self.digits.contains($0) }), line.count > 66,
      mark.elementsEqual("  ".utf8) || mark.elementsEqual(" *".utf8)
    else { return nil }
    let path = line.dropFirst(66)
    self.init(content: hash, path: FilePath(bytes: isEscaped ? Self.unescaped(path) : Array(path)))
  }

  private static let digits = Set("0123456789abcdef".utf8)
  private static let escapes: [(plain: UInt8, letter: UInt8)] = [
    (UInt8(ascii: "\\"), UInt8(ascii: "\\")), (UInt8(ascii: "\n"), UInt8(ascii: "n")),
    (UInt8(ascii: "\r"), UInt8(ascii: "r")),
  ]

  private static func unescaped(_ path: ArraySlice<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = path.makeIterator()
    while let byte = rest.next() {
      guard byte == UInt8(ascii: "\\"), let letter = rest.next() else {
        bytes.append(byte)
        continue
      }
      bytes.append(escapes.first { $0.letter == letter }?.plain ?? letter)
    }
    return bytes
  }

  fileprivate var line: [UInt8] {
    let escaped = path.bytes.flatMap { byte in
      Self.escapes.first { $0.plain == byte }.map { [UInt8(ascii: "\\"), $0.letter] } ?? [byte]
    }
    return (escaped == path.bytes ? "" : "\\").utf8 + Array(content.utf8) + "  ".utf8 + escaped + "\n".utf8
  }
}

internal import Crypto
import Files
import Foundation

/// The file in a collection's folder that says what a collection put there. Only that is ever removed.
///
/// A line of JSON each, written before what it tells of: what is in the folder and not told here is somebody else's,
/// whenever the writing was interrupted.
struct CollectionMark {
  /// Something that a collection put there.
  struct Entry: Codable {
    let name: FilePath
    /// Of a link.
    var target: FilePath?
    /// SHA-256 of a file's bytes.
    var content: String?
  }

  static let name = FilePath(".surprisal-collection")
  private static let first = #"{"surprisal":"collection","version":1}"#
  /// Not more than this is read: a hundred bytes a link of a million.
  private static let most = 1 << 28

  private let file: Descriptor

  /// Begins it anew.
  init(in folder: OpenFolder) throws(SystemError) {
    file = try folder.open(Self.name, O_WRONLY | O_CREAT | O_TRUNC)
    try write(Self.first)
  }

  func add(_ entry: Entry) throws(SystemError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Text and numbers alone: JSON holds all of them.
    try write(String(decoding: try! encoder.encode(entry), as: UTF8.self))
  }

  private func write(_ line: String) throws(SystemError) {
    if let error = Array((line + "\n").utf8).withUnsafeBytes({ writeAll($0, to: file.raw) }) { throw error }
  }

  /// What an earlier collection put into a folder, and what is there of others.
  ///
  /// - Returns: names to be removed for a new collection, the mark's own not among them; `foreign`: the first name that no
  ///   collection's is.
  static func contents(of folder: OpenFolder) throws -> (own: [FilePath], foreign: FilePath?) {
    let names = try folder.names()
    guard let entries = try entries(in: folder) else { return ([], names.first) }
    let known = Dictionary(entries.map { ($0.name, $0) }) { $1 }
    var own: [FilePath] = []
    for name in names where name != Self.name {
      let isKnown = known[name].map { isOwn($0, in: folder) } ?? false
      guard try isKnown || isPartial(name, in: folder) else { return ([], name) }
      own.append(name)
    }
    return (own, nil)
  }

  /// Nil where there is no mark.
  private static func entries(in folder: OpenFolder) throws -> [Entry]? {
    guard try folder.status(of: name)?.kind == S_IFREG else { return nil }
    let file = try folder.open(name, O_RDONLY)
    let size = Int(try file.status().st_size)
    guard size <= most else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
    let lines = bytes[..<count].split(separator: UInt8(ascii: "\n"))
    guard let head = lines.first, head.elementsEqual(first.utf8) else { return nil }
    // A line cut off by an interruption tells of nothing that was put there.
    return lines.dropFirst().compactMap { try? JSONDecoder().decode(Entry.self, from: Data($0)) }
  }

  /// Whether what has the name is still what was put there.
  private static func isOwn(_ entry: Entry, in folder: OpenFolder) -> Bool {
    if let target = entry.target { return folder.target(of: entry.name) == target }
    guard let content = entry.content, let status = try? folder.status(of: entry.name),
      status.kind == S_IFREG, let file = try? folder.open(entry.name, O_RDONLY),
      let found = try? Self.content(of: file)
    else { return false }
    return found == content
  }

  /// A file that was being written when the writing was interrupted (`OutputFile`).
  private static func isPartial(_ name: FilePath, in folder: OpenFolder) throws(SystemError) -> Bool {
    guard "\(name)".wholeMatch(of: /\.surprisal-[0-9]+\.partial/) != nil else { return false }
    return try folder.status(of: name)?.kind == S_IFREG
  }

  /// SHA-256 of what is left of a file, a part of it in memory at a time.
  /// - Parameter part: takes each part.
  static func content(of file: Descriptor, part: ([UInt8]) throws -> Void = { _ in }) throws -> String {
    var digest = SHA256()
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while case let count = try buffer.withUnsafeMutableBytes({ try file.read(into: $0) }), count > 0 {
      let bytes = Array(buffer[..<count])
      digest.update(data: bytes)
      try part(bytes)
    }
    return digest.finalize().hexadecimal
  }
}
